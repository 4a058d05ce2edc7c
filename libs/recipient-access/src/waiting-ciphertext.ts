import { createHash } from 'node:crypto';
import { EphemeralStoreFull, getJson, isNumber, isText, listOf, putJson, recordLike } from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import type { FilePlace } from '#libs/mail';
import { DomainError } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { IncomingCiphertext } from './incoming-ciphertext.ts';
import { WaitingShares } from './waiting-shares.ts';

/** What MessageSealed says of the ciphertext. */
export interface RecordedCiphertext {
  readonly ciphertextBytes: number;
  readonly ciphertextSha256: string;
}

/** What was uploaded is not, to the last byte, what was recorded at sealing. Nothing of it is kept. */
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
  private readonly incoming: IncomingCiphertext;
  private readonly shares: WaitingShares;

  constructor(
    private readonly store: EphemeralStore,
    options: { readonly waitingSeconds: number; readonly uploadsMaxBytes: number },
  ) {
    this.waitingSeconds = options.waitingSeconds;
    this.shares = new WaitingShares(store, options.waitingSeconds);
    this.incoming = new IncomingCiphertext({ maxBytes: options.uploadsMaxBytes });
  }

  /**
   * Takes ciphertext in as it streams, and compares it. Only what is whole and equal goes to the store. Where the same already
   * waits it is compared all the same (the answer must be true of what this visitor holds), but not kept a second time.
   *
   * @param networkPrefix where it comes from
   * @throws CiphertextDiffers; UploadsBusy; EphemeralStoreFull; EphemeralStoreUnavailable; whatever the source throws
   */
  async takeIn(
    messageId: MessageId,
    source: AsyncIterable<Uint8Array>,
    recorded: RecordedCiphertext,
    networkPrefix: string,
  ): Promise<void> {
    const compared = compare(source, recorded);
    const { ciphertextBytes } = recorded;
    const isWaiting = await this.isWaiting(messageId);
    const upload = isWaiting ? null : this.incoming.begin({ messageId, ciphertextBytes, networkPrefix });
    try {
      for await (const piece of compared) upload?.write(piece);
      // Otherwise it waits since before, or was brought by somebody else meanwhile.
      if (!(await this.keepWaiting(messageId))) {
        if (upload?.isKept !== true) throw new CiphertextDiffers(); // it went while we compared: the visitor hands it in again
        await this.shares.check(networkPrefix, ciphertextBytes);
        const options = { ttlSeconds: this.waitingSeconds, maxBytes: ciphertextBytes, arePiecesGiven: true };
        await this.store.putBytes(keyOf(messageId), upload.take(), options);
        this.incoming.isWhole(messageId);
      }
      await this.shares.handedIn(networkPrefix, ciphertextBytes);
    } finally {
      upload?.end();
    }
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

  /** Some of its bytes; fewer where it ends before. Null when nothing waits. */
  async readRange(messageId: MessageId, start: number, end: number): Promise<AsyncIterable<Uint8Array> | null> {
    return this.store.getBytes(keyOf(messageId), { start, end });
  }

  /**
   * Keeps beside it where its files lie in the mail, so that a download need not read all of it: numbers, none of its content. With
   * too many of them, or no room, nothing is kept.
   */
  async rememberPlaces(messageId: MessageId, places: readonly FilePlace[]): Promise<void> {
    if (places.length === 0 || places.length > MAX_PLACES) return;
    try {
      await putJson(this.store, placesKeyOf(messageId), places, this.waitingSeconds);
    } catch (error) {
      if (!(error instanceof EphemeralStoreFull)) throw error;
    }
  }

  /** Null where nothing is known; the time that they are kept begins anew. */
  async placesOf(messageId: MessageId): Promise<readonly FilePlace[] | null> {
    const places = await getJson(this.store, placesKeyOf(messageId), parsePlaces);
    if (places !== null) await this.store.extend(placesKeyOf(messageId), this.waitingSeconds);
    return places;
  }

  async forget(messageId: MessageId): Promise<void> {
    await this.store.delete(placesKeyOf(messageId));
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

/** 400 of at most 150 bytes each are within what a record of the store may have. */
const MAX_PLACES = 400;

const isPlace = recordLike<FilePlace>({
  index: isNumber,
  headAt: isNumber,
  from: isNumber,
  to: isNumber,
  encoding: isText,
  bytes: isNumber,
});

function parsePlaces(json: unknown): readonly FilePlace[] | null {
  return listOf(isPlace)(json) ? (json as readonly FilePlace[]) : null;
}

function placesKeyOf(messageId: MessageId): EphemeralKey {
  return `places:${messageId}`;
}

function keyOf(messageId: MessageId): EphemeralKey {
  return `waiting:${messageId}`;
}
