import { Controller, Get, Query, Render } from '@nestjs/common';
import { eventCatalogue } from '#libs/audit';
import type { AuditRow } from '#libs/audit';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { NamesOfPeople } from '../people/names-of-people.ts';
import { AskTrail } from '../trail/ask-trail.ts';
import { titleOf } from '../trail/event-words.ts';
import { pagingOf, placeIn, ROWS_OF_A_PAGE } from '../trail/paging.ts';

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
    const page = await this.trail.search(asker, { types: NOT_ARRIVED }, paging, { fields: ['types'] });
    const to = page.rows.map(recipientOf);
    const names = await this.names.addressesOf(to.filter((personId) => personId !== undefined));
    const rows = page.rows.map((row, n) => {
      const personId = to[n];
      return {
        ...{ time: row.time, type: row.type, title: titleOf(row.type), messageId: row.messageId ?? '' },
        ...{ why: whyOf(row), personId: personId ?? '', name: (personId && names.get(personId)) ?? '' },
      };
    });
    return { ...consolePage(asker, here), rows, paging: pagingOf(page, here) };
  }
}

/** Whom it was for: a code goes to who is to prove an address. */
function recipientOf(row: AuditRow) {
  const { persons } = eventCatalogue.describe({ ...row, id: row.eventId });
  return persons.find(({ part }) => part === 'recipient' || part === 'claimant')?.personId;
}

/** In the words of the record, and the codes of RFC 5321 and RFC 3463 where there are any. */
function whyOf({ data }: AuditRow): string {
  const said = [data['reason'], data['failure'], data['by'], data['status'], data['replyCode'], data['enhancedStatus']];
  return said.filter((word) => word !== undefined && word !== null).join(' ');
}
