import { Controller, Get, Query, Render } from '@nestjs/common';
import { eventCatalogue } from '#libs/audit';
import type { AuditRow } from '#libs/audit';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { NamesOfPeople } from '../people/names-of-people.ts';
import { AskTrail } from '../trail/ask-trail.ts';
import { askedWith, canarySwitch } from '../trail/canary-switch.ts';
import { titleOf } from '../trail/event-words.ts';
import { pagingOf, placeIn, ROWS_OF_A_PAGE } from '../trail/paging.ts';
import { wordOf } from '../trail/value-words.ts';

/** Mail that did not arrive: carriers that came back, mail that the next hop or policy refused or put off for too long, codes that were not taken. */
export const NOT_ARRIVED = ['CarrierBounced', 'CarrierRefused', 'MailRefused', 'OtpDeliveryFailed'];

/** What did not arrive, the latest first. */
@Controller('console/deliveries')
export class DeliveriesController {
  constructor(
    private readonly trail: AskTrail,
    private readonly names: NamesOfPeople,
  ) {}

  @Get()
  @Render('console/deliveries/deliveries')
  @ForRole('auditor')
  async all(@WhoAsks() asker: SignedIn, @Query() query: Readonly<Record<string, unknown>>) {
    const here = '/console/deliveries';
    const paging = { order: 'newest-first', limit: ROWS_OF_A_PAGE, ...placeIn(query) } as const;
    const canary = canarySwitch(here, query);
    const { filter, about } = askedWith(canary, ['types']);
    const page = await this.trail.search(asker, { types: NOT_ARRIVED, ...filter }, paging, about);
    const to = page.rows.map(recipientOf);
    const names = await this.names.addressesOf(to.filter((personId) => personId !== undefined));
    const rows = page.rows.map((row, n) => {
      const personId = to[n];
      return {
        ...{ time: row.time, type: row.type, title: titleOf(row.type), messageId: row.messageId ?? '' },
        ...{ why: whyOf(row), personId: personId ?? '', name: (personId && names.get(personId)) ?? '' },
      };
    });
    return { ...consolePage(asker, here), rows, canary, paging: pagingOf(page, here, canary.query) };
  }
}

/** Whom it was for: a code goes to who is to prove an address. */
function recipientOf(row: AuditRow) {
  const { persons } = eventCatalogue.describe({ ...row, id: row.eventId });
  return persons.find(({ part }) => part === 'recipient' || part === 'claimant')?.personId;
}

/** Why, in words beside the record's own, and in the codes of RFC 5321 and RFC 3463 where there are any. */
function whyOf({ type, data }: AuditRow) {
  return ['reason', 'failure', 'by', 'status', 'replyCode', 'enhancedStatus'].flatMap((field) => {
    const value = data[field];
    if (value === undefined || value === null) return [];
    return [{ word: wordOf(type, field, String(value)) ?? '', own: String(value) }];
  });
}
