import { Body, Controller, Get, Post, Query, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { AuditTrailThread, standingHolds } from '#libs/audit';
import { EraseSubject, EraseSubjectHandler } from '#libs/compliance';
import type { Erasure } from '#libs/compliance';
import { EventStore } from '#libs/event-store';
import { Clock, parsePersonId } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { PageError } from '#libs/web-ui';
import { mandateOfAct } from '../case/mandate-of-act.ts';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { NamesOfPeople } from '../people/names-of-people.ts';
import { ActsForTwo } from '../proposals/acts-for-two.ts';
import { ConsoleSettings } from '../settings.ts';
import { AskTrail } from '../trail/ask-trail.ts';
import { ReachOfConsole } from './reach-of-console.ts';

/** Erases a person for good: looked up, what it will do said, and asked back before it is done. */
@Controller('console/erase')
export class EraseController {
  constructor(
    private readonly names: NamesOfPeople,
    private readonly asks: AskTrail,
    private readonly trail: AuditTrailThread,
    private readonly reach: ReachOfConsole,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: ConsoleSettings,
    private readonly forTwo: ActsForTwo,
  ) {}

  @Get()
  @Render('console/erase/erase')
  @ForRole('officer')
  async ask(@WhoAsks() asker: SignedIn, @Query('person') given: unknown) {
    const personId = typeof given === 'string' ? parsePersonId(given) : null;
    return this.found(asker, personId ?? '');
  }

  /** Posted, so that nobody's address stands in the address of a page. */
  @Post('find')
  @Render('console/erase/erase')
  @ForRole('officer')
  async find(@WhoAsks() asker: SignedIn, @Body('person') given: unknown) {
    return this.found(asker, typeof given === 'string' ? given.slice(0, 254) : '');
  }

  @Get('find')
  @ForRole('officer')
  goBack(@Res() response: Response): void {
    response.redirect(303, '/console/erase');
  }

  private async found(asker: SignedIn, person: string) {
    const personId = person === '' ? null : await this.names.find(person);
    const page = this.page(asker, person);
    if (personId === null) return { ...page, isNobody: person !== '' };
    const about = { fields: ['person'], persons: [{ personId }] };
    await this.asks.search(asker, { personId }, { limit: 1 }, about); // whom somebody looked up stands in the record
    return { ...page, found: await this.whatItHits(personId) };
  }

  @Post()
  @Render('console/erase/erase')
  @ForRole('officer')
  async erase(@WhoAsks() asker: SignedIn, @Body() form: Readonly<Record<string, string | undefined>>) {
    const mandate = mandateOfAct(asker, form);
    const personId = parsePersonId(form['personId'] ?? '');
    if (personId === null) throw new PageError(400);
    const page = this.page(asker, '');
    if (this.settings.secondPerson.includes('erase')) {
      await this.forTwo.propose(asker, { act: 'erase', personId }, mandate);
      return { ...page, isProposed: true };
    }
    const handler = new EraseSubjectHandler(this.store, this.reach, this.clock);
    return { ...page, ...outcomeOf(await handler.execute(new EraseSubject({ personId }, mandate))) };
  }

  private page(asker: SignedIn, person: string) {
    return {
      ...consolePage(asker, '/console/erase'),
      ...{ person, isNobody: false, isProposed: false, found: null as object | null },
      ...{ erased: null as object | null, erasedBefore: false, wasUnknown: false },
      takesTwo: this.settings.secondPerson.includes('erase'),
      reachesOutbox: this.reach.outbox !== null,
    };
  }

  private async whatItHits(personId: PersonId) {
    const now = this.clock.now();
    let unexpired = 0;
    for await (const { part, expiresAt } of this.reach.messages.of(personId))
      if (part === 'recipient' && now < expiresAt) unexpired++;
    const holds = (await standingHolds(this.trail)).filter((hold) => hold.personId === personId);
    const name = (await this.names.addressOf(personId)) ?? '';
    return { personId, name, unexpired, isHeld: holds.length > 0, holds: holds.map(({ caseNumber }) => caseNumber) };
  }
}

function outcomeOf(erasure: Erasure) {
  switch (erasure.outcome) {
    case 'erased': {
      const { personId, revokedMessages, withdrawnCarriers, carriersToOthers, endedSessions } = erasure;
      return { erased: { personId, revokedMessages, withdrawnCarriers, carriersToOthers, endedSessions } };
    }
    case 'already-erased':
      return { erasedBefore: true };
    case 'unknown':
      return { wasUnknown: true };
    default:
      return erasure satisfies never;
  }
}
