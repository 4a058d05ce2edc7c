import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { SealingRecipient } from '#libs/keyring';
import { DomainError, Unprintable } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { beginAgeFile } from './age/age-file.ts';
import { HybridRecipient } from './age/hybrid.ts';
import { CHUNK_BYTES, PAYLOAD_NONCE_BYTES, sealedPayloadBytes } from './age/payload.ts';
import type { PayloadSealer } from './age/payload.ts';
import { encodeManifest } from './manifest.ts';
import type { Manifest, ManifestFacts, ManifestSigner } from './manifest.ts';
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

  /** @throws TypeError when the recipient is no hybrid one (`age1pq1…`) or the facts are not as ManifestFacts says */
  constructor({ recipient, signer, facts, maxMailBytes, measure }: MailSealerOptions) {
    super();
    const { header, payload } = beginAgeFile([parsedRecipient(recipient.recipient)], (bytes) => this.add(bytes));
    const sealedHeader = readSealedHeader(header);
    if (sealedHeader.status !== 'header') throw new Error('an age header outside our own profile');
    this.messageId = sealedHeader.messageId;
    this.headerSha256 = sealedHeader.headerSha256;
    this.sealingKeyId = recipient.keyId;
    const { bytes, manifest } = encodeManifest(facts, sealedHeader, signer);
    this.manifest = manifest;
    this.header = header;
    this.manifestBytes = bytes;
    this.payload = payload;
    this.maxMailBytes = maxMailBytes ?? Infinity;
    this.measure = measure ?? new MailMeasure();
    this.measuresItself = measure === undefined;
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
    return this.collect(sealedPayloadBytes(CHUNK_BYTES + mail.length), () => this.payload.update(mail));
  }

  /** The last bytes. */
  finish(): Buffer {
    this.advance('begun', 'finished');
    const last = this.collect(sealedPayloadBytes(CHUNK_BYTES), () => this.payload.finish());
    if (this.measure.bytes !== this.mailBytes) throw new Error('the measure was not fed the bytes that were sealed');
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
