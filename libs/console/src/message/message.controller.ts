import { Controller, Get, Param, Query, Render } from '@nestjs/common';
import { PersonDirectory } from '#libs/keyring';
import { parseMessageId } from '#libs/vocabulary';
import { PageError } from '#libs/web-ui';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { AskTrail } from '../trail/ask-trail.ts';
import { pagingOf, placeIn, ROWS_OF_A_PAGE } from '../trail/paging.ts';
import { ShownEvents } from '../trail/shown-event.ts';

/** One message: everything that became of it, in order, each view with the sign-in and the code or account that it rests on. */
@Controller('console/messages')
export class MessageController {
  constructor(
    private readonly trail: AskTrail,
    private readonly persons: PersonDirectory,
  ) {}

  @Get(':messageId')
  @Render('console/message/message')
  @ForRole('auditor')
  async message(
    @WhoAsks() asker: SignedIn,
    @Param('messageId') given: string,
    @Query() query: Readonly<Record<string, unknown>>,
  ) {
    const messageId = parseMessageId(given);
    if (messageId === null) throw new PageError(404);
    const here = `/console/messages/${messageId}`;
    const timeline = await this.trail.ofMessage(asker, messageId, { limit: ROWS_OF_A_PAGE, ...placeIn(query) });
    const shown = new ShownEvents(this.persons, messageId);
    return {
      ...consolePage(asker, here),
      ...{ messageId, entries: await shown.entries(timeline), paging: pagingOf(timeline, here) },
    };
  }
}
