import { setTimeout as pause } from 'node:timers/promises';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import type { MailAddress } from '#libs/vocabulary';
import { CanaryStopped } from './canary-run.ts';

/** Eight: a carrier, a code, and what strays in. Past it nothing is taken until the next run. */
const MAX_MAILS = 8;
/** 1 MiB: a carrier of a mail of some lines has 60 KB. */
const MAX_MAIL_BYTES = 1024 * 1024;
/** Seconds that a mail is kept at most. */
const MAIL_SECONDS = 300;
const LOOK_MS = 250;

const RUN_KEY: EphemeralKey = 'canary:run';

/**
 * The canary's mailbox, in the store that portals and gateways share: whichever process a mail comes to, that which waits for it finds it.
 * It takes mail only while a run is under way, and forgets it with the run.
 */
export class CanaryMailbox {
  constructor(
    readonly address: MailAddress,
    private readonly store: EphemeralStore,
  ) {}

  /** @returns false when another run has it. @throws EphemeralStoreUnavailable, EphemeralStoreFull */
  open(runId: string, seconds: number): Promise<boolean> {
    return this.store.putIfAbsent(RUN_KEY, Buffer.from(runId), seconds);
  }

  /** @throws EphemeralStoreUnavailable */
  async close(runId: string): Promise<void> {
    await this.store.compareAndSet(RUN_KEY, Buffer.from(runId), null, 1);
    for (let index = 1; index <= MAX_MAILS; index++) await this.store.delete(keyOf(runId, index));
  }

  /** A mail of a run that is over leads nowhere. @returns whether it was kept. @throws EphemeralStoreUnavailable, EphemeralStoreFull, TooManyBytes */
  async put(content: AsyncIterable<Uint8Array>): Promise<boolean> {
    const run = await this.store.get(RUN_KEY);
    if (run === null) return false;
    const runId = Buffer.from(run).toString();
    const index = await this.store.increment(`canary-mails:${runId}`, { ttlSeconds: MAIL_SECONDS });
    if (index > MAX_MAILS) return false;
    await this.store.putBytes(keyOf(runId, index), content, { ttlSeconds: MAIL_SECONDS, maxBytes: MAX_MAIL_BYTES });
    return true;
  }

  /**
   * The first mail that `read` makes something of; waits for it.
   * @throws CanaryStopped when the time is over; EphemeralStoreUnavailable
   */
  async find<Thing>(runId: string, read: (mail: Buffer) => Thing | null, signal: AbortSignal): Promise<Thing> {
    const seen = new Set<number>();
    for (;;) {
      for (let index = 1; index <= MAX_MAILS; index++) {
        if (seen.has(index)) continue;
        const mail = await this.store.getBytes(keyOf(runId, index));
        if (mail === null) continue;
        seen.add(index);
        const found = read(Buffer.concat(await Array.fromAsync(mail)));
        if (found !== null) return found;
      }
      if (signal.aborted) throw new CanaryStopped(`it never came; ${seen.size} other mails did`);
      await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

function keyOf(runId: string, index: number): EphemeralKey {
  return `canary-mail:${runId}-${index}`;
}
