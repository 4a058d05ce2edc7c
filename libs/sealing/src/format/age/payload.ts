import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Unprintable } from '#libs/vocabulary';
import { AgeFault } from './age-fault.ts';

/** 64 KiB of plaintext in each chunk but the last (age.md, Payload). */
export const CHUNK_BYTES = 64 * 1024;
export const TAG_BYTES = 16;
/** Stands before the first chunk; the payload key is made from it and the file key. */
export const PAYLOAD_NONCE_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
const CIPHER = 'chacha20-poly1305';
const CIPHER_OPTIONS = { authTagLength: TAG_BYTES } as const;

/**
 * Lets a chunk's memory go at once, not at some garbage collection: the next chunk then gets memory that is still warm, which
 * makes sealing 1.5 × faster, and a stream of any length takes no more than one chunk. The chunk reads as empty afterwards.
 */
function letGo(chunk: Buffer): void {
  const { buffer } = chunk;
  const isWhole = chunk.length === buffer.byteLength; // what OpenSSL gave, and no slice of memory that others use
  if (isWhole && 'transfer' in buffer) buffer.transfer(0);
}

/** How long the payload of so many bytes becomes, its nonce included. */
export function sealedPayloadBytes(plaintextBytes: number): number {
  const chunks = Math.max(1, Math.ceil(plaintextBytes / CHUNK_BYTES));
  return PAYLOAD_NONCE_BYTES + plaintextBytes + chunks * TAG_BYTES;
}

/** A KeyObject, not bytes: OpenSSL then sets a chunk's cipher up 1.3 × faster (performance.md A). */
function payloadKey(fileKey: Uint8Array | KeyObject, nonce: Uint8Array): KeyObject {
  const key = fileKey instanceof Uint8Array ? createSecretKey(fileKey) : fileKey;
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, nonce, 'payload', 32)));
}

/** 8 × 64 KiB at most: chunks of sealers that are done, wiped. A mail of some chunks would spend as long on fresh memory as on its cipher. */
const spareChunks: Buffer[] = [];
const MAX_SPARE_CHUNKS = 8;

/** 11 bytes that count, one that marks the last chunk. Only the low 32 bits are counted: 256 TiB. */
class ChunkNonce {
  readonly bytes = Buffer.alloc(12);
  private count = 0;

  next(isLast: boolean): Buffer {
    if (this.count > 0xffff_ffff) throw new RangeError('payload over 256 TiB');
    this.bytes.writeUInt32BE(this.count++, 7);
    return this.marked(isLast);
  }

  /** The same count once more, with this mark. */
  marked(isLast: boolean): Buffer {
    this.bytes[11] = isLast ? 1 : 0;
    return this.bytes;
  }
}

/**
 * Seals plaintext as it comes, in pieces of any size. One use: update as often as needed, then finish. What is sealed is handed
 * on at once and uncopied, as OpenSSL gave it.
 */
export class PayloadSealer extends Unprintable {
  /** To be written first, in front of the chunks. */
  readonly nonce: Buffer;
  private readonly key: KeyObject;
  private readonly onSealed: (bytes: Buffer) => void;
  private readonly chunkNonce = new ChunkNonce();
  /** A chunk can only be sealed once it is known whether it is the last: at most one waits here. */
  private held = spareChunks.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  private heldBytes = 0;

  /**
   * @param onSealed is called with ciphertexts and tags, in their order; what it wants to keep it copies: they are let go behind it
   * @param nonce another one for every other plaintext under the same file key; random where none is given
   */
  constructor(
    fileKey: Uint8Array,
    onSealed: (bytes: Buffer) => void,
    nonce: Buffer = randomBytes(PAYLOAD_NONCE_BYTES),
  ) {
    super();
    this.nonce = nonce;
    this.key = payloadKey(fileKey, this.nonce);
    this.onSealed = onSealed;
  }

  update(plaintext: Uint8Array): void {
    let rest = plaintext;
    if (this.heldBytes > 0) {
      rest = rest.subarray(this.hold(rest));
      if (rest.length === 0) return; // the chunk that is held may still be the last
      this.seal(this.held, false);
      this.heldBytes = 0;
    }
    while (rest.length > CHUNK_BYTES) {
      this.seal(rest.subarray(0, CHUNK_BYTES), false);
      rest = rest.subarray(CHUNK_BYTES);
    }
    this.hold(rest);
  }

  /** The last chunk. Empty only when all of the payload is. */
  finish(): void {
    this.seal(this.held.subarray(0, this.heldBytes), true);
    this.held.fill(0);
    if (spareChunks.length < MAX_SPARE_CHUNKS) spareChunks.push(this.held);
    this.held = Buffer.alloc(0); // somebody else's from here on
    this.heldBytes = 0;
  }

  /** Plaintext that came and is not sealed yet. */
  get waitingBytes(): number {
    return this.heldBytes;
  }

  /** Copies what still fits the chunk. @returns how many bytes it took */
  private hold(bytes: Uint8Array): number {
    const taken = Math.min(CHUNK_BYTES - this.heldBytes, bytes.length);
    this.held.set(bytes.subarray(0, taken), this.heldBytes);
    this.heldBytes += taken;
    return taken;
  }

  private seal(chunk: Uint8Array, isLast: boolean): void {
    const cipher = createCipheriv(CIPHER, this.key, this.chunkNonce.next(isLast), CIPHER_OPTIONS);
    const sealed = cipher.update(chunk);
    cipher.final(); // a stream cipher: nothing is left to come
    this.onSealed(sealed);
    this.onSealed(cipher.getAuthTag());
    letGo(sealed);
  }
}

/** Plaintext, whose memory must not keep it (threats.md, What remains): 2 us for a chunk. */
function wipe(plaintext: Buffer): void {
  plaintext.fill(0);
  letGo(plaintext);
}

/** Opens a payload as it comes, in pieces of any size. A chunk is handed on only after its tag was checked. One use. */
export class PayloadOpener extends Unprintable {
  private readonly fileKey: KeyObject;
  private readonly onChunk: (plaintext: Buffer) => void;
  private readonly chunkNonce = new ChunkNonce();
  private readonly held = Buffer.allocUnsafeSlow(SEALED_CHUNK_BYTES);
  private heldBytes = 0;
  private key: KeyObject | null = null;
  private chunks = 0;

  /** @param onChunk is called once for each chunk, in order; what it wants to keep it copies: the chunk is let go behind it */
  constructor(fileKey: Uint8Array, onChunk: (plaintext: Buffer) => void) {
    super();
    this.fileKey = createSecretKey(fileKey);
    this.onChunk = onChunk;
  }

  /** @throws AgeFault `payload` */
  update(ciphertext: Uint8Array): void {
    let rest = ciphertext;
    if (this.key === null) {
      rest = rest.subarray(this.hold(rest, PAYLOAD_NONCE_BYTES));
      if (this.heldBytes < PAYLOAD_NONCE_BYTES) return;
      this.key = payloadKey(this.fileKey, this.held.subarray(0, PAYLOAD_NONCE_BYTES));
      this.heldBytes = 0;
    }
    if (this.heldBytes > 0) {
      rest = rest.subarray(this.hold(rest, SEALED_CHUNK_BYTES));
      if (rest.length === 0) return; // the chunk that is held may still be the last
      this.open(this.key, this.held, false);
      this.heldBytes = 0;
    }
    while (rest.length > SEALED_CHUNK_BYTES) {
      this.open(this.key, rest.subarray(0, SEALED_CHUNK_BYTES), false);
      rest = rest.subarray(SEALED_CHUNK_BYTES);
    }
    this.hold(rest, SEALED_CHUNK_BYTES);
  }

  /**
   * What is held must be the last chunk: without it the file was cut short.
   *
   * @throws AgeFault `payload`; `header` when not even the payload's nonce was there, as the CCTV vectors have it
   */
  finish(): void {
    if (this.key === null) throw new AgeFault('header', 'the file ends within the payload nonce');
    if (this.heldBytes < TAG_BYTES) throw new AgeFault('payload', 'the file is cut short');
    if (this.heldBytes === TAG_BYTES && this.chunks > 0) throw new AgeFault('payload', 'the last chunk is empty');
    this.open(this.key, this.held.subarray(0, this.heldBytes), true);
  }

  /** Copies what fits below `limit`. @returns how many bytes it took */
  private hold(bytes: Uint8Array, limit: number): number {
    const taken = Math.min(limit - this.heldBytes, bytes.length);
    this.held.set(bytes.subarray(0, taken), this.heldBytes);
    this.heldBytes += taken;
    return taken;
  }

  private open(key: KeyObject, chunk: Uint8Array, isLast: boolean): void {
    const plaintext = tryOpen(key, this.chunkNonce.next(isLast), chunk);
    if (plaintext !== null) {
      this.chunks++;
      this.onChunk(plaintext);
      return wipe(plaintext);
    }
    if (chunk.length === SEALED_CHUNK_BYTES) {
      // A file cut short or gone on with at a chunk's edge is worth telling from an altered one, and the CCTV vectors want the
      // chunk there, which is genuine, handed on.
      const genuine = tryOpen(key, this.chunkNonce.marked(!isLast), chunk);
      if (genuine !== null) {
        this.onChunk(genuine);
        wipe(genuine);
        throw new AgeFault('payload', isLast ? 'the file is cut short' : 'the file goes on behind its last chunk');
      }
    }
    throw new AgeFault('payload', `chunk ${this.chunks} was altered, moved or cut`);
  }
}

/** Opens chunks of a payload one by one, in any order. Which one is the last must be known: it is told by its own mark. */
export class ChunkOpener extends Unprintable {
  private readonly key: KeyObject;

  /** @param nonce what stands before the first chunk */
  constructor(fileKey: Uint8Array, nonce: Uint8Array) {
    super();
    this.key = payloadKey(fileKey, nonce);
  }

  /**
   * @param index of the chunk, from 0
   * @param sealed the chunk with its tag, and nothing else
   * @throws AgeFault `payload` for anything but that chunk of that file
   */
  open(index: number, isLast: boolean, sealed: Uint8Array): Buffer {
    const isWhole = isLast ? sealed.length >= TAG_BYTES : sealed.length === SEALED_CHUNK_BYTES;
    const plaintext = isWhole ? tryOpen(this.key, chunkNonce(index, isLast), sealed) : null;
    if (plaintext === null) throw new AgeFault('payload', `chunk ${index} was altered, moved or cut`);
    return plaintext;
  }
}

function chunkNonce(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** @returns null when the tag does not hold: the plaintext is let go then */
function tryOpen(key: KeyObject, nonce: Uint8Array, chunk: Uint8Array): Buffer | null {
  const decipher = createDecipheriv(CIPHER, key, nonce, CIPHER_OPTIONS);
  decipher.setAuthTag(chunk.subarray(chunk.length - TAG_BYTES));
  const plaintext = decipher.update(chunk.subarray(0, chunk.length - TAG_BYTES));
  try {
    decipher.final();
    return plaintext;
  } catch {
    wipe(plaintext);
    return null; // the one thing that final() throws for here
  }
}
