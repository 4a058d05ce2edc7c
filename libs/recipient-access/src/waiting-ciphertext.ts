import { createHash } from 'node:crypto';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import { DomainError } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';

/** What MessageSealed says of the ciphertext. */
export interface RecordedCiphertext {
  readonly ciphertextBytes: number;
  readonly ciphertextSha256: string;
}

/** What was handed in is not, to the last byte, what was recorded at sealing. Nothing of it is kept. */
export class CiphertextDiffers extends DomainError {
  constructor() {
    super('ciphertext-differs');
  }
}

/**
 * Ciphertext that waits in memory for its reader: named by its message, so that equal ciphertext waits once, and gone a set
 * time after the last step. What waits here has been compared with the record to the last byte.
 */
export class WaitingCiphertext {
  private readonly waitingSeconds: number;

  constructor(
    private readonly store: EphemeralStore,
    options: { readonly waitingSeconds: number },
  ) {
    this.waitingSeconds = options.waitingSeconds;
  }

  /**
   * Takes ciphertext in as it streams, and compares it. Where the same already waits it is compared all the same (the answer
   * must be true of what this visitor holds), but not kept a second time.
   *
   * @throws CiphertextDiffers; EphemeralStoreFull; EphemeralStoreUnavailable; whatever the source throws
   */
  async takeIn(messageId: MessageId, source: AsyncIterable<Uint8Array>, recorded: RecordedCiphertext): Promise<void> {
    const compared = compare(source, recorded);
    if (await this.isWaiting(messageId)) {
      for await (const _ of compared);
      if (await this.keepWaiting(messageId)) return;
      throw new CiphertextDiffers(); // it went while we compared: the visitor hands it in again
    }
    const options = { ttlSeconds: this.waitingSeconds, maxBytes: recorded.ciphertextBytes };
    await this.store.putBytes(keyOf(messageId), compared, options);
  }

  async isWaiting(messageId: MessageId): Promise<boolean> {
    return (await this.store.sizeOfBytes(keyOf(messageId))) !== null;
  }

  /** Each step gives the reader the whole time again. @returns false when nothing waits */
  async keepWaiting(messageId: MessageId): Promise<boolean> {
    return this.store.extend(keyOf(messageId), this.waitingSeconds);
  }

  async read(messageId: MessageId): Promise<AsyncIterable<Uint8Array> | null> {
    return this.store.getBytes(keyOf(messageId));
  }

  async forget(messageId: MessageId): Promise<void> {
    await this.store.delete(keyOf(messageId));
  }
}

async function* compare(source: AsyncIterable<Uint8Array>, recorded: RecordedCiphertext): AsyncGenerator<Uint8Array> {
  const sha256 = createHash('sha256');
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.byteLength;
    if (bytes > recorded.ciphertextBytes) throw new CiphertextDiffers();
    sha256.update(piece);
    yield piece;
  }
  if (bytes !== recorded.ciphertextBytes || sha256.digest('hex') !== recorded.ciphertextSha256)
    throw new CiphertextDiffers();
}

function keyOf(messageId: MessageId): EphemeralKey {
  return `waiting:${messageId}`;
}
