import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { SealingRecipient } from '#libs/keyring';
import { DomainError, Unprintable } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { newAgeHeader } from './age/age-file.ts';
import { HybridRecipient } from './age/hybrid.ts';
import { PAYLOAD_NONCE_BYTES, PayloadSealer, sealedPayloadBytes } from './age/payload.ts';
import { encodeManifest } from './manifest.ts';
import type { Manifest, ManifestFacts, ManifestSigner } from './manifest.ts';
import { nonceOf, readResumption, writeResumption } from './resumption.ts';
import type { SealBeginning } from './resumption.ts';
import { SEALED_HEADER_BYTES, readSealedHeader } from './sealed-header.ts';

/** What `MessageSealed` records of the bytes. Lengths in bytes, digests in lower-case hex. */
export interface SealDigests {
  readonly mailBytes: number;
  readonly mailSha256: string;
  readonly ciphertextBytes: number;
  readonly ciphertextSha256: string;
}

export interface MailSealerOptions {
  readonly recipient: SealingRecipient;
  readonly signer: ManifestSigner;
  readonly facts: ManifestFacts;
  /** A longer mail is refused while it is sealed: opening could not take it. Default: no limit. */
  readonly maxMailBytes?: number;
  /** For several seals of one mail: measured by whoever feeds them, so that it is hashed once. Must be fed the same bytes. */
  readonly measure?: MailMeasure;
  /** Lower-case hex; where it is known before: the seal can then be taken up again (`resumption`), and is of no other mail. */
  readonly mailSha256?: string;
}

/** A seal that was begun before, of the very same mail: the same bytes come of it. */
export interface ResumedSealOptions {
  /** What `MailSealer.resumption` gave. */
  readonly resumption: Uint8Array;
  readonly mailSha256: string;
  readonly maxMailBytes?: number;
  readonly measure?: MailMeasure;
}

/** The mail is longer than opening would take. */
export class MailTooLarge extends DomainError {
  readonly maxMailBytes: number;

  constructor(maxMailBytes: number) {
    super('mail-too-large', `the mail is over the limit of ${maxMailBytes} bytes`);
    this.maxMailBytes = maxMailBytes;
  }
}

/** Length and SHA-256 of a mail as it passes. */
export class MailMeasure {
  private measuredBytes = 0;
  private readonly hash = createHash('sha256');
  private digest: string | null = null;

  update(mail: Uint8Array): void {
    this.measuredBytes += mail.length;
    this.hash.update(mail);
  }

  get bytes(): number {
    return this.measuredBytes;
  }

  /** Lower-case hex. The first call ends the measuring; later ones answer the same. */
  sha256(): string {
    return (this.digest ??= this.hash.digest('hex'));
  }
}

/**
 * Parsing a recipient costs as much as a seal to it, and an organisation seals to one key for months. Public halves only; an
 * identity is never kept.
 */
let latestRecipient: { readonly text: string; readonly parsed: HybridRecipient } | null = null;

function parsedRecipient(text: string): HybridRecipient {
  if (latestRecipient?.text !== text) latestRecipient = { text, parsed: HybridRecipient.parse(text) };
  return latestRecipient.parsed;
}

/**
 * Seals one mail for one recipient, as the mail comes: `begin`, `update` with pieces of any size, `finish`. What these give,
 * one after the other, is the sealed mail. All of it is synchronous, so whoever feeds it yields between pieces of at most 1 MiB.
 * Memory: one chunk and one buffer of the size of the largest piece, whatever the size of the mail.
 *
 * A returned buffer is valid until the next call: it is used again. A sealer that is dropped half way needs no closing.
 */
export class MailSealer extends Unprintable {
  readonly messageId: MessageId;
  /** Lower-case hex. */
  readonly headerSha256: string;
  readonly manifest: Manifest;
  readonly sealingKeyId: string;
  private readonly header: Buffer;
  private readonly manifestBytes: Buffer;
  private readonly payload: PayloadSealer;
  private readonly maxMailBytes: number;
  private readonly measure: MailMeasure;
  private readonly measuresItself: boolean;
  private readonly ciphertextHash: Hash = createHash('sha256');
  private ciphertextBytes = 0;
  private out = Buffer.alloc(0);
  private outBytes = 0;
  private mailBytes = 0;
  private stage: 'new' | 'begun' | 'finished' = 'new';
  private sealDigests: SealDigests | null = null;
  private readonly mailSha256: string | null;
  private readonly kept: Buffer | null;

  /**
   * @throws TypeError when the recipient is no hybrid one (`age1pq1…`), the facts are not as ManifestFacts says, or the resumption
   * is none
   */
  constructor(options: MailSealerOptions | ResumedSealOptions) {
    super();
    const { maxMailBytes, measure, mailSha256 } = options;
    const beginning = 'resumption' in options ? readResumption(options.resumption) : beginningOf(options);
    const { fileKey, header, manifestBytes } = beginning;
    this.messageId = beginning.manifest.messageId;
    this.headerSha256 = beginning.manifest.headerSha256;
    this.sealingKeyId = beginning.sealingKeyId;
    this.manifest = beginning.manifest;
    this.header = header;
    this.manifestBytes = manifestBytes;
    this.kept = mailSha256 === undefined ? null : writeResumption(beginning);
    const nonce = mailSha256 === undefined ? undefined : nonceOf(fileKey, manifestBytes, mailSha256);
    this.payload = new PayloadSealer(fileKey, (bytes) => this.add(bytes), nonce);
    fileKey.fill(0); // the keys made from it are held by OpenSSL now
    this.maxMailBytes = maxMailBytes ?? Infinity;
    this.mailSha256 = mailSha256 ?? null;
    this.measure = measure ?? new MailMeasure();
    this.measuresItself = measure === undefined;
  }

  /**
   * What takes this seal up again after a crash, for the same mail. Secret: with it the sealed mail opens. It is kept only where
   * nobody reads it who has not the mail itself. @throws Error where the mail was not known before
   */
  resumption(): Buffer {
    if (this.kept === null) throw new Error('only a seal of a mail that was known before can be taken up again');
    return Buffer.from(this.kept);
  }

  /** The age header and what of the payload is ready. Once, and first. */
  begin(): Buffer {
    this.advance('new', 'begun');
    return this.collect(SEALED_HEADER_BYTES + PAYLOAD_NONCE_BYTES, () => {
      this.add(this.header);
      this.add(this.payload.nonce);
      this.payload.update(this.manifestBytes); // less than a chunk: it waits for the mail
    });
  }

  /** @returns maybe nothing. @throws MailTooLarge: nothing more can come of this seal then */
  update(mail: Uint8Array): Buffer {
    this.advance('begun', 'begun');
    this.mailBytes += mail.length;
    if (this.mailBytes > this.maxMailBytes) {
      this.stage = 'finished';
      throw new MailTooLarge(this.maxMailBytes);
    }
    if (this.measuresItself) this.measure.update(mail);
    return this.collect(sealedPayloadBytes(this.payload.waitingBytes + mail.length), () => this.payload.update(mail));
  }

  /** The last bytes. */
  finish(): Buffer {
    this.advance('begun', 'finished');
    const last = this.collect(sealedPayloadBytes(this.payload.waitingBytes), () => this.payload.finish());
    if (this.measure.bytes !== this.mailBytes) throw new Error('the measure was not fed the bytes that were sealed');
    if (this.mailSha256 !== null && this.measure.sha256() !== this.mailSha256)
      throw new Error('the mail is not the one that the seal was begun for');
    this.sealDigests = {
      mailBytes: this.mailBytes,
      mailSha256: this.measure.sha256(),
      ciphertextBytes: this.ciphertextBytes,
      ciphertextSha256: this.ciphertextHash.digest('hex'),
    };
    return last;
  }

  /** What the seal turned out to be. After `finish`. */
  digests(): SealDigests {
    if (this.sealDigests === null) throw new Error('a seal has its digests once it is finished');
    return this.sealDigests;
  }

  /** @param atMostBytes of what `work` seals */
  private collect(atMostBytes: number, work: () => void): Buffer {
    if (this.out.length < atMostBytes) this.out = Buffer.allocUnsafeSlow(atMostBytes); // fresh memory is dear: kept for the next call
    this.outBytes = 0;
    work();
    return this.out.subarray(0, this.outBytes);
  }

  private add(sealed: Buffer): void {
    this.out.set(sealed, this.outBytes);
    this.outBytes += sealed.length;
    this.ciphertextBytes += sealed.length;
    this.ciphertextHash.update(sealed);
  }

  private advance(from: 'new' | 'begun', to: 'begun' | 'finished'): void {
    if (this.stage !== from) throw new Error(`a seal that is ${this.stage} cannot go on as ${to}`);
    this.stage = to;
  }
}

function beginningOf({ recipient, signer, facts }: MailSealerOptions): SealBeginning {
  const { header, fileKey } = newAgeHeader([parsedRecipient(recipient.recipient)]);
  const sealedHeader = readSealedHeader(header);
  if (sealedHeader.status !== 'header') throw new Error('an age header outside our own profile');
  const { bytes, manifest } = encodeManifest(facts, sealedHeader, signer);
  return { fileKey, header, sealingKeyId: recipient.keyId, manifestBytes: bytes, manifest };
}
