import { Controller, Post, Res, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { frameDocument, printDocument, type ReadableMail } from '#libs/mail';
import { messagePageHeaders, type Locale, RequestLocale, translate, type TextKey, isTextKey } from '#libs/web-ui';
import { parseMailAddress, type MailAddress, type MessageId } from '#libs/vocabulary';
import { HandInTimes } from '../hand-in-times.ts';
import { CannotBeShownFilter } from '../journey/cannot-be-shown-filter.ts';
import type { Asking } from '../message-for-reader.ts';
import { AskedBy, NamedMessage, VisitOf } from '../parameters.ts';
import { RecipientAccessSettings } from '../settings.ts';
import { VisitCounter, type Visit } from '../visit-counter.ts';
import { DecryptView, type ViewedMessage } from './decrypt-view.ts';

/** Shows a message in the answer to the reader's click, and nowhere else: there is no address that shows it again. */
@Controller('m/:messageId')
@UseFilters(CannotBeShownFilter)
export class DecryptViewController {
  constructor(
    private readonly commands: CommandBus,
    private readonly counter: VisitCounter,
    private readonly times: HandInTimes,
    private readonly settings: RecipientAccessSettings,
  ) {}

  @Post('view')
  async view(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @VisitOf() visit: Visit,
    @RequestLocale() locale: Locale,
    @Res() response: Response,
  ): Promise<void> {
    const viewed = await this.commands.execute(new DecryptView(messageId, asking));
    this.counter.viewed(visit, this.times.takeSeconds(messageId));
    messagePageHeaders(response);
    response.render('recipient-access/decrypt-view/message', {
      messageId,
      waitingMinutes: Math.round(this.settings.waitingSeconds / 60),
      ...pageOf(viewed, locale),
    });
  }

  /**
   * The message alone on a page that prints whole (a frame prints only what is seen of it). Its own policy is stricter than
   * any page's: sandboxed, without an origin, without scripts, forms or anything from elsewhere (security.md A29).
   */
  @Post('print')
  async print(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @RequestLocale() locale: Locale,
    @Res() response: Response,
  ): Promise<void> {
    const { readable } = await this.commands.execute(new DecryptView(messageId, asking, 'print'));
    response.setHeader(
      'Content-Security-Policy',
      "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    );
    response.type('html').send(printDocument(readable, locale));
  }
}

function pageOf({ readable, sender, recipient }: ViewedMessage, locale: Locale) {
  return {
    sender,
    recipient,
    mail: {
      mailSubject: readable.mailSubject,
      from: readable.from,
      to: readable.to,
      cc: readable.cc,
      date: readable.date,
      text: readable.text,
      frame: readable.html === null ? null : frameDocument(readable.html, locale),
      frameHeightPixels: readable.html === null ? 0 : likelyHeightPixels(readable.html),
    },
    senderDiffers: !namesAddress(readable.from, sender),
    notes: readable.notes.map((note) => noteText(note, locale)),
    attachments: readable.attachments,
    nested: readable.nested.map((inner) => ({
      ...inner,
      frame: inner.html === null ? null : frameDocument(inner.html, locale),
    })),
  };
}

function noteText(note: ReadableMail['notes'][number], locale: Locale): string {
  const key = `read.notes.${note}`;
  const known: TextKey = isTextKey(key) ? key : 'read.notes.other';
  return translate(locale, known);
}

/** Whether the From field, which anyone may write, names the very address that the seal vouches for. */
function namesAddress(from: string, sender: MailAddress): boolean {
  const candidates = from.match(/[^\s<>"(),;]+@[^\s<>"(),;]+/g) ?? [];
  return candidates.some((candidate) => {
    try {
      return parseMailAddress(candidate) === sender;
    } catch {
      return false;
    }
  });
}

/**
 * A frame without script cannot take the height of what is in it, so it is guessed from how much there is to read, between
 * a third and three screens; it scrolls, and can be drawn larger.
 */
function likelyHeightPixels(html: string): number {
  const words = html.replace(/<[^>]*>/g, ' ').length;
  const images = html.split('<img').length - 1;
  return Math.max(320, Math.min(2400, Math.round(words / 3 + images * 200 + 120)));
}
