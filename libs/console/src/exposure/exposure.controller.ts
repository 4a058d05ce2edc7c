import { Body, Controller, Get, Param, Post, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { recordAuditing } from '#libs/audit';
import { EventStore } from '#libs/event-store';
import { Clock, parseMessageId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { PageError } from '#libs/web-ui';
import { requiredCaseIn } from '../case/required-case.ts';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { Case } from '../door/console-session.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { SendLines } from '../export/send-lines.ts';
import { consolePage } from '../layout/console-page.ts';
import { askerAtConsole } from '../trail/ask-trail.ts';
import { ExposureReports } from './exposure-reports.ts';

const VIEW = 'console/exposure/exposure';

/** For a message that went astray: one file that proves what was shown of it in this portal, or that nothing was. */
@Controller('console/exposure')
export class ExposureController {
  constructor(
    private readonly reports: ExposureReports,
    private readonly sending: SendLines,
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  @Get(':messageId')
  @Render(VIEW)
  @ForRole('auditor')
  page(@WhoAsks() asker: SignedIn, @Param('messageId') given: string) {
    return viewOf(asker, messageIdIn(given), asker.openCase);
  }

  @Post(':messageId')
  @ForRole('auditor')
  async report(
    @WhoAsks() asker: SignedIn,
    @Param('messageId') given: string,
    @Body() form: Readonly<Record<string, string>>,
    @Res() response: Response,
  ): Promise<void> {
    const messageId = messageIdIn(given);
    const forCase = requiredCaseIn(form);
    if (forCase === null) {
      response.status(400);
      return response.render(VIEW, viewOf(asker, messageId, form, true));
    }
    const begins = await this.reports.begins(messageId);
    if (begins === null) throw new PageError(404, 'console.exposure.unproven');
    await this.sending.send(response, { name: `segl-exposure-${messageId}`, form: 'ndjson' }, async () => {
      const about = { fields: ['exposure', 'message'], messageId };
      const data = {
        ...askerAtConsole(asker),
        ...forCase,
        ...about,
        form: 'ndjson',
        exportedAt: this.clock.now(),
      } as const;
      const lines = this.reports.lines(messageId, begins, await this.reports.checkpointNow());
      if (lines === null) throw new PageError(503, 'console.exposure.unproven', 60);
      await recordAuditing(this.store, { type: 'AuditTrailExported', data });
      return lines;
    });
  }
}

function messageIdIn(given: string): MessageId {
  const messageId = parseMessageId(given);
  if (messageId === null) throw new PageError(404);
  return messageId;
}

function viewOf(
  asker: SignedIn,
  messageId: MessageId,
  { caseNumber = '', reason = '' }: Partial<Case>,
  isCaseMissing = false,
) {
  return { ...consolePage(asker, `/console/exposure/${messageId}`), messageId, caseNumber, reason, isCaseMissing };
}
