import { Injectable } from '@nestjs/common';
import { decryptForDisplay } from '#libs/audit';
import type { AuditFilter } from '#libs/audit';
import { LedgerExports } from '#libs/audit-api';
import { PersonDirectory } from '#libs/keyring';
import type { Person } from '#libs/keyring';
import { digestOf, parseMessageId } from '#libs/vocabulary';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';
import type { SignedIn } from '../door/route-roles.ts';
import { NamesOfPeople } from '../people/names-of-people.ts';
import { instantInZone } from '../search/local-time.ts';
import { ConsoleSettings } from '../settings.ts';
import { AskTrail } from '../trail/ask-trail.ts';

/** What messages are looked for by; all that is given must hold. */
export interface MessagesAsked {
  readonly message: string;
  readonly sender: string;
  readonly recipient: string;
  readonly from: string;
  readonly to: string;
  readonly submission: string;
}
export const ASKED_FIELDS = ['message', 'sender', 'recipient', 'from', 'to', 'submission'] as const;

export interface FoundMessage {
  readonly messageId: MessageId;
  readonly sealedAt: Instant;
  readonly sender: string;
  readonly recipient: string;
}

export type Found =
  | { readonly is: 'nothing-asked' }
  /** What stands in the field is not what can stand there, or nobody's. */
  | { readonly is: 'fault'; readonly field: keyof MessagesAsked }
  /** Past `MAX_AT_ONCE`. */
  | { readonly is: 'too-many' }
  | {
      readonly is: 'found';
      readonly messages: readonly FoundMessage[];
      /** Of the list: what is confirmed is what was shown. */
      readonly digest: string;
    };

/** So many at once: whoever confirms can have read the list, and one proposal holds it. */
export const MAX_AT_ONCE = 1000;

/** Which messages somebody means. */
@Injectable()
export class FindMessages {
  constructor(
    private readonly trail: AskTrail,
    private readonly names: NamesOfPeople,
    private readonly persons: PersonDirectory,
    private readonly exports: LedgerExports,
    private readonly settings: ConsoleSettings,
  ) {}

  /** Days are those of the organisation's zone. @throws BadAuditQuery, ReadModelsBusy, ProjectionsBehind; what the stores throw */
  async by(asker: SignedIn, asked: MessagesAsked): Promise<Found> {
    const fields = ASKED_FIELDS.filter((field) => asked[field] !== '');
    if (fields.length === 0) return { is: 'nothing-asked' };
    const filter: { -readonly [Name in keyof AuditFilter]: AuditFilter[Name] } = { types: ['MessageSealed'] };
    if (asked.message !== '') {
      const messageId = parseMessageId(asked.message.trim());
      if (messageId === null) return { is: 'fault', field: 'message' };
      filter.messageId = messageId;
    }
    for (const field of ['sender', 'recipient'] as const) {
      if (asked[field] === '') continue;
      const personId = await this.names.find(asked[field]);
      if (personId === null) return { is: 'fault', field };
      filter[`${field}Id`] = personId;
    }
    for (const field of ['from', 'to'] as const) {
      if (asked[field] === '') continue;
      const at = /^\d{4}-\d{2}-\d{2}$/.test(asked[field]) ? instantInZone(asked[field], this.settings.timeZone) : null;
      if (at === null) return { is: 'fault', field };
      filter[field] = at;
    }
    if (filter.from !== undefined && filter.to !== undefined && filter.from >= filter.to)
      return { is: 'fault', field: 'to' };
    if (asked.submission !== '') filter.submissionId = asked.submission.trim();
    // What has not reached the trail would stay open without a word; one message that is named is there, or is not found.
    if (asked.message === '') await this.exports.requireTrail();
    return this.found(asker, filter, fields);
  }

  private async found(asker: SignedIn, filter: AuditFilter, fields: readonly string[]): Promise<Found> {
    const ids = [filter.senderId, filter.recipientId].filter((id) => id !== undefined);
    const about = {
      fields: [...fields],
      ...(filter.messageId !== undefined && { messageId: filter.messageId }),
      ...(ids.length > 0 && { persons: ids.map((personId) => ({ personId })) }),
    };
    const { rows, next } = await this.trail.search(asker, filter, { limit: MAX_AT_ONCE }, about);
    if (next !== null) return { is: 'too-many' };
    const keys = new Map<PersonId, Promise<Person | null>>();
    const findById = (id: PersonId) => {
      const known = keys.get(id) ?? this.persons.findById(id);
      keys.set(id, known);
      return known;
    };
    const messages: FoundMessage[] = [];
    for (const row of rows) {
      if (row.messageId === null) continue;
      const { data } = await decryptForDisplay(row, { findById });
      const [sender, recipient] = [String(data['sender']), String(data['recipient'])];
      messages.push({ messageId: row.messageId, sealedAt: row.time, sender, recipient });
    }
    return { is: 'found', messages, digest: digestOf(messages.map(({ messageId }) => messageId).join()) };
  }
}
