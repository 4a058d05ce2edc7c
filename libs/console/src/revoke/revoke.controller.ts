import { Body, Controller, Get, Post, Query, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { RevokeMessages, RevokeMessagesHandler } from '#libs/compliance';
import { EventStore } from '#libs/event-store';
import { Clock } from '#libs/vocabulary';
import { mandateOfAct } from '../case/mandate-of-act.ts';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { ActsForTwo } from '../proposals/acts-for-two.ts';
import { ConsoleSettings } from '../settings.ts';
import { ASKED_FIELDS, FindMessages } from './find-messages.ts';
import type { Found, MessagesAsked } from './find-messages.ts';

type Form = Readonly<Record<string, string | undefined>>;

/** Takes messages back: looked for, shown, and asked back before it is done. */
@Controller('console/revoke')
export class RevokeController {
  constructor(
    private readonly messages: FindMessages,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: ConsoleSettings,
    private readonly forTwo: ActsForTwo,
  ) {}

  @Get()
  @Render('console/revoke/revoke')
  @ForRole('officer')
  async ask(@WhoAsks() asker: SignedIn, @Query('message') message: unknown) {
    const asked = askedIn({ message });
    return this.page(asker, asked, await this.messages.by(asker, asked), false);
  }

  /** Posted, so that nobody's address stands in the address of a page. */
  @Post('find')
  @Render('console/revoke/revoke')
  @ForRole('officer')
  async find(@WhoAsks() asker: SignedIn, @Body() form: Form) {
    const asked = askedIn(form);
    return this.page(asker, asked, await this.messages.by(asker, asked), false);
  }

  @Get('find')
  @ForRole('officer')
  goBack(@Res() response: Response): void {
    response.redirect(303, '/console/revoke');
  }

  /** What was shown is what is revoked: where the list has changed meanwhile, it is shown again. */
  @Post()
  @Render('console/revoke/revoke')
  @ForRole('officer')
  async revoke(@WhoAsks() asker: SignedIn, @Body() form: Form) {
    const asked = askedIn(form);
    const mandate = mandateOfAct(asker, form);
    const found = await this.messages.by(asker, asked);
    if (found.is !== 'found' || found.digest !== form['found']) return this.page(asker, asked, found, true);
    const messageIds = found.messages.map(({ messageId }) => messageId);
    if (this.settings.secondPerson.includes('revoke')) {
      const messages = messageIds.map((messageId) => ({ messageId }));
      await this.forTwo.propose(asker, { act: 'revoke', messages }, mandate);
      return { ...this.page(asker, askedIn({}), { is: 'nothing-asked' }, false), isProposed: true };
    }
    const done = await new RevokeMessagesHandler(this.store, this.clock).execute(
      new RevokeMessages(messageIds, mandate),
    );
    return { ...this.page(asker, askedIn({}), { is: 'nothing-asked' }, false), done };
  }

  private page(asker: SignedIn, asked: MessagesAsked, found: Found, hasChanged: boolean) {
    const messages = found.is === 'found' ? found.messages : [];
    return {
      ...consolePage(asker, '/console/revoke'),
      ...{ asked, messages, hasChanged, done: null as object | null, isProposed: false },
      isAsked: found.is !== 'nothing-asked',
      isTooMany: found.is === 'too-many',
      faultyField: found.is === 'fault' ? (`console.revoke.fields.${found.field}` as const) : '',
      digest: found.is === 'found' ? found.digest : '',
      takesTwo: this.settings.secondPerson.includes('revoke'),
      count: messages.length,
    };
  }
}

function askedIn(given: Readonly<Record<string, unknown>>): MessagesAsked {
  const text = (name: string): string => (typeof given[name] === 'string' ? given[name].slice(0, 300) : '');
  return Object.fromEntries(ASKED_FIELDS.map((field) => [field, text(field)])) as unknown as MessagesAsked;
}
