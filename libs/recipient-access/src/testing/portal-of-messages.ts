import { Controller, Get, Query } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { MailReader } from '#libs/mail';
import type { SignInMethod } from '#libs/oidc-bridge';
import { BrowserSession } from '#libs/web-ui';
import type { Browser } from '#libs/web-ui';
import { openTestPortal } from '#libs/web-ui/testing';
import type { TestPortal } from '#libs/web-ui/testing';
import { AnswersUnderWay } from '../answers-under-way.ts';
import { DecryptViewController } from '../decrypt-view/decrypt-view.controller.ts';
import { DecryptViewHandler } from '../decrypt-view/decrypt-view.ts';
import { DownloadAttachmentController } from '../download-attachment/download-attachment.controller.ts';
import { DownloadAttachmentHandler } from '../download-attachment/download-attachment.ts';
import { DownloadFilesHandler } from '../download-attachment/download-files.ts';
import { RECIPIENT_ACCESS_ERRORS } from '../error-pages.ts';
import { HandInTimes } from '../hand-in-times.ts';
import { JourneyController } from '../journey/journey.controller.ts';
import { MessageFiles } from '../message-files.ts';
import { MessageForReader } from '../message-for-reader.ts';
import { OpeningTurns } from '../opening-turns.ts';
import { RecipientAccessSettings } from '../settings.ts';
import { VisitCounter } from '../visit-counter.ts';
import { ViewAttachmentController } from '../view-attachment/view-attachment.controller.ts';
import { ViewAttachmentHandler } from '../view-attachment/view-attachment.ts';
import { settings } from './sealed-message-here.ts';
import type { sealedMessagesHere } from './sealed-message-here.ts';

class Uncounted extends VisitCounter {
  override viewed(): void {}
  override downloaded(): void {}
  override signedIn(): void {}
  override denied(): void {}
}

/** The pages of a message on a loopback port, for browsers. `/signed-in` signs the browser that asks in as Anna, by the way that `?by=` names. */
export function portalOfMessages(here: Awaited<ReturnType<typeof sealedMessagesHere>>): Promise<TestPortal> {
  @Controller('signed-in')
  class SignedIn {
    @Get() async page(
      @BrowserSession() { sessionId, csrfToken }: Browser,
      @Query('by') by: SignInMethod | undefined,
      @Query('reader') reader: string | undefined,
    ): Promise<string> {
      await here.signIn(undefined, sessionId, {
        ...(by !== undefined && { method: by }),
        ...(reader !== undefined && { reader: { kind: 'stated', name: reader } }),
      });
      return `<!doctype html><link rel="icon" href="data:,"><input name="csrf" value="${csrfToken}">`;
    }
  }
  return openTestPortal(
    {
      imports: [CqrsModule],
      controllers: [
        SignedIn,
        JourneyController,
        DecryptViewController,
        DownloadAttachmentController,
        ViewAttachmentController,
      ],
      providers: [
        DecryptViewHandler,
        DownloadAttachmentHandler,
        DownloadFilesHandler,
        ViewAttachmentHandler,
        AnswersUnderWay,
        HandInTimes,
        { provide: MessageForReader, useValue: here.messages },
        { provide: MessageFiles, useValue: here.files },
        { provide: MailReader, useValue: here.reader },
        { provide: OpeningTurns, useValue: here.turns },
        { provide: RecipientAccessSettings, useValue: settings },
        { provide: VisitCounter, useClass: Uncounted },
      ],
    },
    { errorPages: [RECIPIENT_ACCESS_ERRORS] },
  );
}
