import { networksAround } from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore, NetworkAround } from '#libs/ephemeral-store';
import { UploadsBusy } from './incoming-ciphertext.ts';

/** Up to here everybody is let in: an office behind one address may well read a hundred mails in a quarter of an hour. */
const SHARED_FREELY = 1 / 2;
/** Past it, what one network may have handed in within the time that a message waits, of the store's whole bound. */
const SHARE_OF = { host: 1 / 8, site: 1 / 6, block: 1 / 4 } as const;

/**
 * Whole messages that wait are real ones, but somebody with many of them could hand them in again and again until the store is full.
 * Once half of it is taken, a network that has brought more than its share waits until others' time is over; its first message is
 * always let in. Counted over all processes on the store, by what was handed in, also of what waited already: that too is a step that
 * keeps it.
 */
export class WaitingShares {
  constructor(
    private readonly store: EphemeralStore,
    private readonly waitingSeconds: number,
  ) {}

  /** @throws UploadsBusy; EphemeralStoreUnavailable */
  async check(networkPrefix: string, bytes: number): Promise<void> {
    const { usedBytes, maxBytes } = await this.store.usage();
    if (usedBytes + bytes <= maxBytes * SHARED_FREELY) return;
    for (const network of networksAround(networkPrefix)) {
      const before = await this.count(network, 0);
      if (before > 0 && before + bytes > maxBytes * SHARE_OF[network.size]) throw new UploadsBusy();
    }
  }

  /** To be called once the message waits. @throws EphemeralStoreFull; EphemeralStoreUnavailable */
  async handedIn(networkPrefix: string, bytes: number): Promise<void> {
    for (const network of networksAround(networkPrefix)) await this.count(network, bytes);
  }

  private count({ prefix }: NetworkAround, by: number): Promise<number> {
    const key: EphemeralKey = `handed-in-from:${prefix}`;
    return this.store.increment(key, { by, ttlSeconds: this.waitingSeconds });
  }
}
