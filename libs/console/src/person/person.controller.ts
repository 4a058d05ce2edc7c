import { Body, Controller, Get, Param, Post, Query, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { AuditTrailThread, takesPart } from '#libs/audit';
import type { AuditRow } from '#libs/audit';
import { PersonDirectory } from '#libs/keyring';
import { AddressRefused, parseWrittenAddress, parsePersonId } from '#libs/vocabulary';
import type { Instant, PersonId } from '#libs/vocabulary';
import { PageError } from '#libs/web-ui';
import type { TextKey } from '#libs/web-ui';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { AskTrail } from '../trail/ask-trail.ts';
import { pagingOf, placeIn, ROWS_OF_A_PAGE } from '../trail/paging.ts';
import { ShownEvents } from '../trail/shown-event.ts';

const HERE = '/console/persons';
/** Fields that hold somebody's address, and the field of the person whose it is. */
const ADDRESSES = { sender: 'senderId', recipient: 'recipientId', address: 'personId' } as const;

/** One person: who it is, and everything in which they take a part. Found by an address, which stands in no address of a page. */
@Controller('console/persons')
export class PersonController {
  constructor(
    private readonly trail: AskTrail,
    private readonly persons: PersonDirectory,
    private readonly source: AuditTrailThread,
  ) {}

  @Get()
  @Render('console/person/find-person')
  @ForRole('auditor')
  find(@WhoAsks() asker: SignedIn) {
    return { ...consolePage(asker, HERE), address: '', fault: '' };
  }

  @Post()
  @ForRole('auditor')
  async go(
    @WhoAsks() asker: SignedIn,
    @Body() form: Readonly<Record<string, string>>,
    @Res() response: Response,
  ): Promise<void> {
    const given = (form['address'] ?? '').trim();
    const personId = parsePersonId(given) ?? (await this.knownBy(given));
    if (personId !== null && typeof personId !== 'object') return response.redirect(303, `${HERE}/${personId}`);
    const fault: TextKey = personId === null ? 'console.faults.nobody' : 'console.faults.person';
    if (personId === null) await this.trail.foundNobody(asker, { fields: ['person'] });
    response.status(400);
    response.render('console/person/find-person', { ...consolePage(asker, HERE), address: given, fault });
  }

  @Get(':personId')
  @Render('console/person/person')
  @ForRole('auditor')
  async person(
    @WhoAsks() asker: SignedIn,
    @Param('personId') given: string,
    @Query() query: Readonly<Record<string, unknown>>,
  ) {
    const personId = parsePersonId(given);
    if (personId === null) throw new PageError(404);
    const here = `${HERE}/${personId}`;
    const paging = { order: 'newest-first', limit: ROWS_OF_A_PAGE, ...placeIn(query) } as const;
    const timeline = await this.trail.ofPerson(asker, personId, paging);
    const shown = new ShownEvents(this.persons, personId);
    const { standing, isThere, erasedAt } = await this.standingOf(personId);
    const rows = timeline.entries.map(({ row }) => row);
    return {
      ...consolePage(asker, here),
      ...{ personId, standing, erasedAt, addresses: isThere ? await addressesIn(rows, personId, shown) : [] },
      ...{ entries: await shown.entries(timeline), paging: pagingOf(timeline, here) },
    };
  }

  /** By the record and the directory; that somebody was asked about makes nobody of them who was there. */
  private async standingOf(
    personId: PersonId,
  ): Promise<{ standing: TextKey; isThere: boolean; erasedAt: Instant | '' }> {
    const { rows } = await this.source.page({ personId, types: ['SubjectErased'] }, { limit: 1 });
    const [erasure] = rows;
    if (erasure !== undefined) return { standing: 'console.person.erased', isThere: false, erasedAt: erasure.time };
    if ((await this.persons.findById(personId)) !== null)
      return { standing: 'console.person.known', isThere: true, erasedAt: '' };
    const wasThere = await takesPart(this.source, personId);
    return { standing: wasThere ? 'console.person.keyLost' : 'console.person.unknown', isThere: false, erasedAt: '' };
  }

  /** Null: nobody. @returns an object for what is no address */
  private async knownBy(text: string): Promise<PersonId | null | { readonly isNoAddress: true }> {
    try {
      return (await this.persons.find(parseWrittenAddress(text)))?.personId ?? null;
    } catch (error) {
      if (error instanceof AddressRefused) return { isNoAddress: true };
      throw error;
    }
  }
}

/** The addresses that these events know the person by. */
async function addressesIn(rows: readonly AuditRow[], personId: PersonId, shown: ShownEvents): Promise<string[]> {
  const found = new Set<string>();
  for (const row of rows) {
    const data = await shown.dataOf(row);
    for (const [field, owner] of Object.entries(ADDRESSES)) {
      const address = data[field];
      if (data[owner] === personId && typeof address === 'string') found.add(address);
    }
  }
  return [...found];
}
