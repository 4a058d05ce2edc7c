import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SealingIdentity } from '#libs/keyring';
import { DomainError, Unprintable } from '#libs/vocabulary';
import type { Instant, MailAddress, MessageId } from '#libs/vocabulary';
import { AgeFault } from './age/age-fault.ts';
import { unwrapFileKey } from './age/age-file.ts';
import { PayloadOpener } from './age/payload.ts';
import { ManifestFault, readManifest } from './manifest.ts';
import { encodeTerms } from './message-terms.ts';
import type { MessageTerm } from './message-terms.ts';
import type { Manifest, ManifestVerifier } from './manifest.ts';
import { parsedIdentity } from './parsed-identity.ts';
import { NotSealedMail, SEALED_HEADER_BYTES, parseSealedHeader, readSealedHeader } from './sealed-header.ts';
import type { SealedHeader } from './sealed-header.ts';
import type { SealDigests } from './mail-sealer.ts';

/** Why a seal is not opened. For the record and for operators: a reader is told one thing only. */
export type SealBrokenReason =
  | 'not-sealed-mail'
  | 'other-message'
  | 'wrong-key'
  | 'header-altered'
  | 'payload-altered'
  | 'no-manifest'
  | 'manifest-unsigned'
  | 'manifest-of-another-seal'
  | 'manifest-not-as-recorded'
  | 'ciphertext-not-as-recorded'
  | 'mail-not-as-recorded';

/** The sealed mail is not what it must be; nothing of it was given out. */
export class SealBroken extends DomainError {
  readonly reason: SealBrokenReason;

  constructor(reason: SealBrokenReason, options?: ErrorOptions) {
    super('seal-broken', `the seal does not hold: ${reason}`, options);
    this.reason = reason;
  }
}

/** What `MessageSealed` says of the bytes and of the manifest, beside the two addresses. Everything is compared. */
export interface SealedFacts extends SealDigests {
  readonly messageId: MessageId;
  readonly headerSha256: string;
  readonly organisation: string;
  readonly manifestKeyId: string;
  readonly sealedAt: Instant;
  readonly expiresAt: Instant;
  readonly policy?: string;
  readonly terms?: readonly MessageTerm[];
}

export interface OpenSealedMailOptions {
  /** Of the epoch that the record names. */
  readonly identity: SealingIdentity;
  /** null for a key that is not, or no longer, the gateway's. */
  readonly verifierFor: (keyId: string) => ManifestVerifier | null;
  readonly recorded: SealedFacts;
  /** As recorded, and as proven by whoever asks. */
  readonly recipient: MailAddress;
  /** As recorded. Absent or null: not compared, since the sender was erased and nothing is left to compare with. */
  readonly sender?: MailAddress | null;
}

/** What is worked on without a pause: about 2 ms of decrypting and hashing. */
const TURN_BYTES = 512 * 1024;

/**
 * Opens a sealed mail whole and verified, or not at all: header, file key, every chunk to the last, the manifest's signature,
 * and everything the record holds. Takes no more bytes than the record says there are, and no more memory than the mail has
 * and one chunk. Yields to the event loop at least every 512 KiB, so a reader in the same process is not held up.
 *
 * @returns the mail in a buffer whose memory is its own (it may be transferred to a worker)
 * @throws SealBroken and nothing else, unless `ciphertext` itself throws
 */
export async function openSealedMail(
  ciphertext: AsyncIterable<Uint8Array>,
  { identity, verifierFor, recorded, recipient, sender = null }: OpenSealedMailOptions,
): Promise<{ manifest: Manifest; mail: Buffer }> {
  const hash = createHash('sha256');
  let ciphertextBytes = 0;
  const counted = async function* () {
    for await (const piece of slices(ciphertext)) {
      ciphertextBytes += piece.length;
      if (ciphertextBytes > recorded.ciphertextBytes) throw new SealBroken('ciphertext-not-as-recorded');
      hash.update(piece);
      yield piece;
    }
  };

  const mail = new WholeMail(recorded.mailBytes);
  let manifest: Manifest | null = null;
  const opening = new SealOpening([identity], {
    checkHeader: ({ messageId, headerSha256 }) => {
      if (messageId !== recorded.messageId || headerSha256 !== recorded.headerSha256)
        throw new SealBroken('other-message');
    },
    onManifest: (read, signingInput) => {
      checkManifest(read, signingInput, { verifierFor, recorded, recipient, sender });
      manifest = read;
    },
    onMail: (bytes) => mail.add(bytes),
  });
  for await (const piece of counted()) {
    opening.update(piece);
    await nextTurn();
  }
  opening.finish();

  if (ciphertextBytes !== recorded.ciphertextBytes || hash.digest('hex') !== recorded.ciphertextSha256) {
    throw new SealBroken('ciphertext-not-as-recorded');
  }
  if (manifest === null) throw new SealBroken('no-manifest');
  return { manifest, mail: mail.whole(recorded.mailSha256) };
}

export interface OpenWithIdentityOptions {
  /** Tried in turn: the header does not say which epoch it was sealed to. */
  readonly identities: readonly SealingIdentity[];
  /** Absent: the signature is not checked, and `onManifest` is told so. */
  readonly verifierFor?: (keyId: string) => ManifestVerifier | null;
  /** Called once, before the first byte of the mail. */
  readonly onManifest?: (manifest: Manifest, signature: 'valid' | 'not-checked') => void;
  /** Give the manifest's fields in front of the mail, as `age -d` does. Default: the mail alone. */
  readonly includeManifest?: boolean;
}

/**
 * Opens a sealed mail with the organisation's key and nothing else, for `segl open`: no record is asked. Streams, so the end
 * is verified last: who writes the bytes somewhere must throw them away when this throws.
 *
 * @throws SealBroken; TypeError for an identity that is none; and what `ciphertext` throws
 */
export async function* openWithIdentity(
  ciphertext: AsyncIterable<Uint8Array>,
  { identities, verifierFor, onManifest, includeManifest = false }: OpenWithIdentityOptions,
): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const opening = new SealOpening(identities, {
    onManifest: (manifest, signingInput, bytes) => {
      if (verifierFor !== undefined) checkSignature(manifest, signingInput, verifierFor);
      onManifest?.(manifest, verifierFor === undefined ? 'not-checked' : 'valid');
      if (includeManifest) ready.push(Buffer.from(bytes));
    },
    onMail: (bytes) => ready.push(Buffer.from(bytes)),
  });
  for await (const piece of slices(ciphertext)) {
    opening.update(piece);
    yield* ready;
    ready = [];
    await nextTurn();
  }
  opening.finish();
  yield* ready;
}

/** The bytes that the last two are given are valid during the call alone. */
interface SealOpeningSteps {
  readonly checkHeader?: (header: SealedHeader) => void;
  readonly onManifest: (manifest: Manifest, signingInput: Buffer, bytes: Uint8Array) => void;
  readonly onMail: (bytes: Uint8Array) => void;
}

/** Header, payload, manifest, mail: one pass over pieces of any size. Each piece of mail is handed on after its tag was checked. */
class SealOpening extends Unprintable {
  private readonly identities: readonly SealingIdentity[];
  private readonly steps: SealOpeningSteps;
  private prefix = Buffer.alloc(0);
  private payload: PayloadOpener | null = null;
  private headerSha256 = '';
  private messageId = '';
  private isManifestRead = false;

  constructor(identities: readonly SealingIdentity[], steps: SealOpeningSteps) {
    super();
    this.identities = identities;
    this.steps = steps;
  }

  update(piece: Uint8Array): void {
    asSealBroken(() => {
      if (this.payload !== null) return this.payload.update(piece);
      this.prefix = Buffer.concat([this.prefix, piece]);
      const header = readSealedHeader(this.prefix);
      if (header.status === 'more') return;
      this.steps.checkHeader?.(header);
      this.messageId = header.messageId;
      this.headerSha256 = header.headerSha256;
      const rest = this.prefix.subarray(SEALED_HEADER_BYTES);
      this.payload = this.unwrap(this.prefix.subarray(0, SEALED_HEADER_BYTES));
      this.prefix = Buffer.alloc(0);
      this.payload.update(rest);
    });
  }

  finish(): void {
    asSealBroken(() => {
      if (this.payload === null) throw new NotSealedMail('too-short');
      this.payload.finish();
    });
  }

  private unwrap(header: Uint8Array): PayloadOpener {
    const parsed = parseSealedHeader(header);
    const fileKey = unwrapFileKey(parsed, this.identities.map(parsedIdentity));
    return new PayloadOpener(fileKey, (chunk) => this.onChunk(chunk));
  }

  /** The manifest is shorter than a chunk, so the first chunk has all of it. */
  private onChunk(chunk: Buffer): void {
    if (this.isManifestRead) return this.steps.onMail(chunk);
    this.isManifestRead = true;
    const { manifest, manifestBytes, signingInput } = readManifest(chunk);
    if (manifest.headerSha256 !== this.headerSha256 || manifest.messageId !== this.messageId) {
      throw new SealBroken('manifest-of-another-seal');
    }
    this.steps.onManifest(manifest, signingInput, chunk.subarray(0, manifestBytes));
    this.steps.onMail(chunk.subarray(manifestBytes));
  }
}

/** Signed by the gateway, and as the record says. @throws SealBroken */
export function checkManifest(
  manifest: Manifest,
  signingInput: Buffer,
  { verifierFor, recorded, recipient, sender = null }: Omit<OpenSealedMailOptions, 'identity'>,
): void {
  checkSignature(manifest, signingInput, verifierFor);
  const isBetweenTheRecorded = manifest.recipient === recipient && (sender === null || manifest.sender === sender);
  if (!isBetweenTheRecorded || !isAsRecorded(manifest, recorded)) throw new SealBroken('manifest-not-as-recorded');
}

/** What the layers below throw, as the one error of this room. */
export function asSealBroken<Result>(step: () => Result): Result {
  try {
    return step();
  } catch (cause) {
    if (cause instanceof NotSealedMail) throw new SealBroken('not-sealed-mail', { cause });
    if (cause instanceof ManifestFault) throw new SealBroken('no-manifest', { cause });
    if (cause instanceof AgeFault) throw new SealBroken(brokenBy(cause), { cause });
    throw cause;
  }
}

function brokenBy({ kind }: AgeFault): SealBrokenReason {
  switch (kind) {
    case 'no-match':
      return 'wrong-key';
    case 'hmac':
      return 'header-altered';
    case 'payload':
      return 'payload-altered';
    default:
      return 'not-sealed-mail';
  }
}

/** The mail, written once into memory of exactly its size, and measured on the way. */
class WholeMail extends Unprintable {
  private readonly buffer: Buffer;
  private readonly hash = createHash('sha256');
  private bytes = 0;

  constructor(mailBytes: number) {
    super();
    this.buffer = Buffer.allocUnsafeSlow(mailBytes); // nothing of it is given out before every byte is written
  }

  add(bytes: Uint8Array): void {
    if (this.bytes + bytes.length > this.buffer.length) throw new SealBroken('mail-not-as-recorded');
    this.buffer.set(bytes, this.bytes);
    this.bytes += bytes.length;
    this.hash.update(bytes);
  }

  whole(mailSha256: string): Buffer {
    if (this.bytes !== this.buffer.length || this.hash.digest('hex') !== mailSha256) {
      throw new SealBroken('mail-not-as-recorded');
    }
    return this.buffer;
  }
}

function checkSignature(
  manifest: Manifest,
  signingInput: Buffer,
  verifierFor: (keyId: string) => ManifestVerifier | null,
): void {
  const verifier = verifierFor(manifest.signingKeyId);
  if (verifier === null || !verifier.verify(signingInput, manifest.signature))
    throw new SealBroken('manifest-unsigned');
}

function isAsRecorded(manifest: Manifest, recorded: SealedFacts): boolean {
  return (
    manifest.organisation === recorded.organisation &&
    manifest.signingKeyId === recorded.manifestKeyId &&
    manifest.sealedAt === recorded.sealedAt &&
    manifest.expiresAt === recorded.expiresAt &&
    manifest.policy === recorded.policy &&
    encodeTerms(manifest.terms) === encodeTerms(recorded.terms)
  );
}

async function* slices(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    for (let offset = 0; offset < piece.length; offset += TURN_BYTES) yield piece.subarray(offset, offset + TURN_BYTES);
  }
}
