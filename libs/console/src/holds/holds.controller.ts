import { Body, Controller, Get, Post, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { AuditTrailThread, recordAuditing, standingHolds } from '#libs/audit';
import { HoldSubject, HoldSubjectHandler, LiftHold, LiftHoldHandler } from '#libs/compliance';
import { EventStore } from '#libs/event-store';
import { Clock, parsePersonId } from '#libs/vocabulary';
import { PageError } from '#libs/web-ui';
import { mandateOfAct } from '../case/mandate-of-act.ts';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { ReachOfConsole } from '../erase/reach-of-console.ts';
import { consolePage } from '../layout/console-page.ts';
import { NamesOfPeople } from '../people/names-of-people.ts';
import { ActsForTwo } from '../proposals/acts-for-two.ts';
import { ConsoleSettings } from '../settings.ts';
import { askerAtConsole } from '../trail/ask-trail.ts';

type Form = Readonly<Record<string, string | undefined>>;

/** Who is kept from being erased, for which case. */
@Controller('console/holds')
export class HoldsController {
  constructor(
    private readonly trail: AuditTrailThread,
    private readonly names: NamesOfPeople,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: ConsoleSettings,
    private readonly forTwo: ActsForTwo,
    private readonly reach: ReachOfConsole,
  ) {}

  @Get()
  @Render('console/holds/holds')
  @ForRole('officer')
  async all(@WhoAsks() asker: SignedIn) {
    const holds = await standingHolds(this.trail);
    const queriedAt = this.clock.now();
    const data = {
      ...askerAtConsole(asker),
      fields: ['holds'],
      question: 'search' as const,
      rows: holds.length,
      queriedAt,
    };
    await recordAuditing(this.store, { type: 'AuditTrailQueried', data });
    const officers = holds.flatMap(({ by }) => parsePersonId(by) ?? []);
    const names = await this.names.addressesOf([...holds.map(({ personId }) => personId), ...officers]);
    const shown = holds.map((hold, n) => {
      const officer = parsePersonId(hold.by); // a hold of the command line has another kind of name
      const who = (officer === null ? null : names.get(officer)) ?? hold.by;
      return { ...hold, reason: hold.reason ?? '', id: `lift-${n}`, name: names.get(hold.personId) ?? '', who };
    });
    const takesTwo = this.settings.secondPerson.includes('lift-hold');
    return { ...consolePage(asker, '/console/holds'), holds: shown, takesTwo };
  }

  @Post()
  @ForRole('officer')
  async place(@WhoAsks() asker: SignedIn, @Body() form: Form, @Res() response: Response): Promise<void> {
    const mandate = mandateOfAct(asker, form);
    const personId = await this.names.find(form['person'] ?? '');
    if (personId === null) throw new PageError(400, 'console.nobody');
    await new HoldSubjectHandler(this.store, this.reach, this.clock).execute(new HoldSubject(personId, mandate));
    response.redirect(303, '/console/holds');
  }

  /** The address of a form: whoever comes there by a link goes on. */
  @Get('lift')
  @ForRole('officer')
  goOn(@Res() response: Response): void {
    response.redirect(303, '/console/holds');
  }

  @Post('lift')
  @ForRole('officer')
  async lift(@WhoAsks() asker: SignedIn, @Body() form: Form, @Res() response: Response): Promise<void> {
    const mandate = mandateOfAct(asker, form);
    const personId = parsePersonId(form['personId'] ?? '');
    if (personId === null) throw new PageError(400);
    if (this.settings.secondPerson.includes('lift-hold')) {
      await this.forTwo.propose(asker, { act: 'lift-hold', personId }, mandate);
      return response.redirect(303, '/console/proposals');
    }
    await new LiftHoldHandler(this.store, this.clock).execute(new LiftHold(personId, mandate));
    response.redirect(303, '/console/holds');
  }
}
