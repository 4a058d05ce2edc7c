import { isContentRemoved } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { messageStream } from '#libs/sealing';
import type { SealedMessageEvent } from '#libs/sealing';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';
import { eventCatalogue } from '../event-catalogue.ts';
import type { AuditRow } from '../query/audit-page.ts';

/** `gone`: retention took it before. `held`: a person in it, or whose message it is about, is under legal hold. `alive`: its message can still be opened. */
export type RetentionVerdict = 'remove' | 'gone' | 'held' | 'alive';

export interface RetentionFacts {
  readonly now: Instant;
  readonly held: ReadonlySet<PersonId>;
  /** The sealing of each message that the event is about, as far as there is one. */
  readonly sealings: readonly Sealing[];
}

export interface Sealing {
  readonly senderId: PersonId;
  readonly recipientId: PersonId;
  readonly expiresAt: Instant;
}

/** What becomes of an event that is old enough. A revoked message counts as one that can be opened until it expires. */
export function retentionVerdict(row: AuditRow, { now, held, sealings }: RetentionFacts): RetentionVerdict {
  if (isContentRemoved(row)) return 'gone';
  const named = eventCatalogue.describe({ ...row, id: row.eventId }).persons.map(({ personId }) => personId);
  const concerned = [...named, ...sealings.flatMap(({ senderId, recipientId }) => [senderId, recipientId])];
  if (concerned.some((personId) => held.has(personId))) return 'held';
  return sealings.some(({ expiresAt }) => now < expiresAt) ? 'alive' : 'remove';
}

/** Remembered at once: events of one message stand near each other. */
const REMEMBERED = 10_000;

/** What the record says of the sealing of messages: asked of the record itself, once for each. */
export class Sealings {
  private readonly known = new Map<MessageId, Sealing | null>();

  constructor(private readonly store: EventStore) {}

  /** @throws UnknownEvent; EventStoreUnavailable */
  async under(row: AuditRow): Promise<Sealing[]> {
    if (isContentRemoved(row)) return [];
    const sealings: Sealing[] = [];
    for (const messageId of eventCatalogue.describe({ ...row, id: row.eventId }).messageIds) {
      const sealing = await this.of(messageId);
      if (sealing !== null) sealings.push(sealing);
    }
    return sealings;
  }

  private async of(messageId: MessageId): Promise<Sealing | null> {
    let sealing = this.known.get(messageId);
    if (sealing === undefined) {
      sealing = await this.read(messageId);
      if (this.known.size >= REMEMBERED) this.known.clear();
      this.known.set(messageId, sealing);
    }
    return sealing;
  }

  private async read(messageId: MessageId): Promise<Sealing | null> {
    for await (const { type, data } of this.store.readStream(messageStream(messageId), { maxCount: 1 }))
      if (type === 'MessageSealed') return data as Extract<SealedMessageEvent, { type: 'MessageSealed' }>['data'];
    return null;
  }
}
