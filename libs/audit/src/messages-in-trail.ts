import { MessagesOfPerson } from '#libs/compliance';
import type { MessageOfPerson } from '#libs/compliance';
import type { ReadModelDatabase } from '#libs/event-store';
import type { PersonDirectory } from '#libs/keyring';
import { parseMailAddress } from '#libs/vocabulary';
import type { Instant, MailAddress, PersonId } from '#libs/vocabulary';
import { decryptForDisplay, ERASED } from './query/decrypt-for-display.ts';
import type { AuditFilter } from './query/audit-filter.ts';
import { queryAuditTrail } from './query/query-audit-trail.ts';
import type { AuditRow } from './query/audit-page.ts';

/** As many as a page holds. */
const PAGE_ROWS = 1000;

/** What the trail knows of a person's messages. */
export class MessagesInTrail extends MessagesOfPerson {
  /** @param caughtUp the read models, once they hold everything recorded before the call */
  constructor(private readonly caughtUp: () => Promise<ReadModelDatabase>) {
    super();
  }

  override async *of(personId: PersonId): AsyncIterable<MessageOfPerson> {
    const db = await this.caughtUp();
    for (const part of ['recipient', 'sender'] as const) {
      const filter = part === 'recipient' ? { recipientId: personId } : { senderId: personId };
      for (const { messageId, data } of sealings(db, filter)) {
        if (messageId !== null) yield { messageId, part, expiresAt: data.expiresAt as Instant };
      }
    }
  }

  override async addressOf(
    personId: PersonId,
    persons: Pick<PersonDirectory, 'findById'>,
  ): Promise<MailAddress | null> {
    const db = await this.caughtUp();
    for (const part of ['recipient', 'sender'] as const) {
      const filter: AuditFilter = { [`${part}Id`]: personId, types: ['MessageSealed'] };
      const [row] = queryAuditTrail(db, filter, { order: 'newest-first', limit: 1 }).rows;
      const said = row === undefined ? ERASED : (await decryptForDisplay(row, persons)).data[part];
      if (typeof said === 'string' && said !== ERASED) return parseMailAddress(said);
    }
    return null;
  }
}

/** Every sealing that answers to this, page after page. @throws BadAuditQuery */
export function* sealings(db: ReadModelDatabase, filter: AuditFilter): Generator<AuditRow> {
  for (let after: string | undefined; ;) {
    const { rows, next } = queryAuditTrail(db, { ...filter, types: ['MessageSealed'] }, { after, limit: PAGE_ROWS });
    yield* rows;
    if (next === null) return;
    after = next;
  }
}
