import type { EphemeralStore } from '#libs/ephemeral-store';
import { appendFacts } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import type { Clock, MessageId } from '#libs/vocabulary';
import { openingsStream } from './access-events.ts';
import type { OpeningEvent } from './access-events.ts';

const SECONDS_PER_DAY = 86_400;
/** Messages with an excess that one process remembers; past it the excess of further messages is not recorded, only counted in metrics. */
const MAX_MESSAGES_IN_EXCESS = 10_000;

interface Excess {
  readonly messageId: MessageId;
  readonly day: string;
  carrierOpened: number;
  viewDenied: number;
}

/**
 * Writes what an unauthenticated visitor may cause: so many events for each message and day, and the excess as one summary
 * when the day is over or the process stops. The cap is counted in the ephemeral store, over all processes on it.
 */
export class OpeningsRecord {
  private readonly maxPerDay: number;
  private readonly excess = new Map<string, Excess>();

  constructor(
    private readonly store: EventStore,
    private readonly ephemeral: EphemeralStore,
    private readonly clock: Clock,
    options: { readonly maxPerDay: number },
  ) {
    this.maxPerDay = options.maxPerDay;
  }

  /** @throws EventStoreUnavailable, EphemeralStoreUnavailable: what cannot be recorded must not go on */
  async record(event: Exclude<OpeningEvent, { type: 'OpeningsSummarised' }>): Promise<void> {
    const { messageId } = event.data;
    const day = this.clock.now().slice(0, 10);
    await this.tellExcessBefore(day);
    const count = await this.ephemeral.increment(`openings:${messageId}:${day}`, { ttlSeconds: 2 * SECONDS_PER_DAY });
    if (count > this.maxPerDay) this.countExcess(messageId, day, event.type);
    else await this.append(messageId, event);
  }

  /** For what only a reader who proved the address can cause: no stranger's visits stand in its way. @throws EventStoreUnavailable */
  async recordUncapped(event: Extract<OpeningEvent, { type: 'ViewDenied' }>): Promise<void> {
    await this.append(event.data.messageId, event);
  }

  /** Called at a stop: what went past the cap so far is recorded. A process that is killed records nothing of it. */
  async tellExcess(): Promise<void> {
    await this.tellExcessBefore('9999-12-31');
  }

  private countExcess(messageId: MessageId, day: string, type: 'CarrierOpened' | 'ViewDenied'): void {
    const key = `${day} ${messageId}`;
    const entry = this.excess.get(key) ?? { messageId, day, carrierOpened: 0, viewDenied: 0 };
    if (!this.excess.has(key) && this.excess.size >= MAX_MESSAGES_IN_EXCESS) return;
    this.excess.set(key, entry);
    if (type === 'CarrierOpened') entry.carrierOpened++;
    else entry.viewDenied++;
  }

  private async tellExcessBefore(day: string): Promise<void> {
    for (const [key, entry] of [...this.excess]) {
      if (entry.day >= day) continue;
      this.excess.delete(key); // before the await: recorded once, by the first caller
      try {
        await this.append(entry.messageId, { type: 'OpeningsSummarised', data: { ...entry } });
      } catch (error) {
        this.excess.set(key, entry);
        throw error;
      }
    }
  }

  private async append(messageId: MessageId, event: OpeningEvent): Promise<void> {
    await appendFacts(this.store, openingsStream(messageId), [event]);
  }
}
