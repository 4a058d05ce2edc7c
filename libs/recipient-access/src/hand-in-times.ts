import type { MessageId } from '#libs/vocabulary';

/** More than wait at once; past it the oldest is not timed. */
const MAX_TIMED = 10_000;

/** When carriers were uploaded, for the one figure of how long it takes until the message is on the screen. In memory alone. */
export class HandInTimes {
  private readonly startedAt = new Map<MessageId, number>();

  handedIn(messageId: MessageId): void {
    this.startedAt.delete(messageId);
    this.startedAt.set(messageId, performance.now());
    if (this.startedAt.size > MAX_TIMED) this.startedAt.delete(this.startedAt.keys().next().value as MessageId);
  }

  /** Seconds since then, once; null for a second view, or when another process took the carrier in. */
  takeSeconds(messageId: MessageId): number | null {
    const startedAt = this.startedAt.get(messageId);
    this.startedAt.delete(messageId);
    return startedAt === undefined ? null : (performance.now() - startedAt) / 1000;
  }
}
