import { setImmediate as nextTurn } from 'node:timers/promises';
import { Unprintable } from '#libs/vocabulary';
import { unwrapFileKey } from './age/age-file.ts';
import { CHUNK_BYTES, ChunkOpener, PAYLOAD_NONCE_BYTES, SEALED_CHUNK_BYTES, TAG_BYTES } from './age/payload.ts';
import { readManifest } from './manifest.ts';
import { asSealBroken, checkManifest, SealBroken } from './open-sealed-mail.ts';
import type { OpenSealedMailOptions, SealedFacts } from './open-sealed-mail.ts';
import { parsedIdentity } from './parsed-identity.ts';
import { parseSealedHeader, readSealedHeader, SEALED_HEADER_BYTES } from './sealed-header.ts';

/** Some bytes of the ciphertext, from the first up to the second; fewer where it ends before. Null when it is gone. */
export type ReadCiphertext = (start: number, end: number) => Promise<AsyncIterable<Uint8Array> | null>;

const PAYLOAD_AT = SEALED_HEADER_BYTES + PAYLOAD_NONCE_BYTES;
/** Opened without a pause: about 2 ms. */
const CHUNKS_IN_A_TURN = 8;

/**
 * A sealed mail of which only some bytes are wanted, once all of it was verified (`openSealedMail`). What it gives cannot differ from the
 * record any more than the whole could: the header is the one of the record by its digest, so the file key is the one that the gateway
 * used once; each chunk opens only at its place under that key, and which one is the last follows from the recorded length. The
 * manifest is checked anew, each time.
 */
export class SealedParts extends Unprintable {
  private readonly read: ReadCiphertext;
  private readonly opener: ChunkOpener;
  private readonly recorded: SealedFacts;
  private readonly manifestBytes: number;

  private constructor(read: ReadCiphertext, opener: ChunkOpener, recorded: SealedFacts, manifestBytes: number) {
    super();
    this.read = read;
    this.opener = opener;
    this.recorded = recorded;
    this.manifestBytes = manifestBytes;
  }

  /** @throws SealBroken, and what `read` throws; null when the ciphertext is gone */
  static async open(read: ReadCiphertext, options: OpenSealedMailOptions): Promise<SealedParts | null> {
    const { recorded, identity } = options;
    const begin = await bytesOf(read, 0, Math.min(PAYLOAD_AT + SEALED_CHUNK_BYTES, recorded.ciphertextBytes));
    if (begin === null) return null;
    return asSealBroken(() => {
      const header = readSealedHeader(begin);
      if (header.status === 'more') throw new SealBroken('not-sealed-mail');
      const { messageId, headerSha256 } = header;
      if (messageId !== recorded.messageId || headerSha256 !== recorded.headerSha256)
        throw new SealBroken('other-message');
      const parsed = parseSealedHeader(begin.subarray(0, SEALED_HEADER_BYTES));
      const fileKey = unwrapFileKey(parsed, [parsedIdentity(identity)]);
      const opener = new ChunkOpener(fileKey, begin.subarray(SEALED_HEADER_BYTES, PAYLOAD_AT));
      fileKey.fill(0);
      const first = opener.open(0, chunksOf(recorded) === 1, begin.subarray(PAYLOAD_AT));
      const { manifest, manifestBytes, signingInput } = readManifest(first);
      first.fill(0);
      if (manifest.headerSha256 !== headerSha256 || manifest.messageId !== messageId)
        throw new SealBroken('manifest-of-another-seal');
      checkManifest(manifest, signingInput, options);
      if (manifestBytes + recorded.mailBytes !== plaintextBytesOf(recorded))
        throw new SealBroken('mail-not-as-recorded');
      return new SealedParts(read, opener, recorded, manifestBytes);
    });
  }

  /**
   * The bytes of the mail from `from` up to `to`, by the chunks they lie in; in memory of its own. Others have their turn meanwhile.
   * @returns null when the ciphertext is gone
   * @throws SealBroken; RangeError for bytes that the mail does not have
   */
  async bytes(from: number, to: number): Promise<Buffer | null> {
    if (!(from >= 0 && from <= to && to <= this.recorded.mailBytes)) throw new RangeError('no such bytes');
    const found = Buffer.allocUnsafeSlow(to - from); // given out only when every byte of it is written
    const [start, end] = [from + this.manifestBytes, to + this.manifestBytes];
    const lastChunk = chunksOf(this.recorded) - 1;
    for (let index = Math.floor(start / CHUNK_BYTES); index * CHUNK_BYTES < end; index++) {
      const at = PAYLOAD_AT + index * SEALED_CHUNK_BYTES;
      const until = Math.min(at + SEALED_CHUNK_BYTES, this.recorded.ciphertextBytes);
      const sealed = await bytesOf(this.read, at, until);
      if (sealed === null) return null;
      const chunk = asSealBroken(() => this.opener.open(index, index === lastChunk, sealed));
      const begins = index * CHUNK_BYTES;
      chunk.copy(found, Math.max(0, begins - start), Math.max(0, start - begins), Math.min(chunk.length, end - begins));
      chunk.fill(0);
      if (index % CHUNKS_IN_A_TURN === 0) await nextTurn();
    }
    return found;
  }
}

function chunksOf({ ciphertextBytes }: SealedFacts): number {
  return Math.max(1, Math.ceil((ciphertextBytes - PAYLOAD_AT) / SEALED_CHUNK_BYTES));
}

function plaintextBytesOf(recorded: SealedFacts): number {
  return recorded.ciphertextBytes - PAYLOAD_AT - chunksOf(recorded) * TAG_BYTES;
}

async function bytesOf(read: ReadCiphertext, start: number, end: number): Promise<Buffer | null> {
  const pieces = await read(start, end);
  return pieces && Buffer.concat(await Array.fromAsync(pieces));
}
