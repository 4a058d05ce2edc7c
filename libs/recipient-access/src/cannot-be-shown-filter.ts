import { randomBytes } from 'node:crypto';
import { Catch, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { base32Lower } from '#libs/vocabulary';
import { CannotBeShown } from './cannot-be-shown.ts';
import { VisitCounter } from './visit-counter.ts';

/** 404 whatever the reason: revoked, expired, altered, unknown, somebody else's and gone must look the same. */
const CANNOT_BE_SHOWN_STATUS = 404;

/** 422: of the right form, and not what it should be (RFC 9110 §15.5.21). */
const NOT_SEALED_STATUS = 422;

@Catch(CannotBeShown)
export class CannotBeShownFilter implements ExceptionFilter<CannotBeShown> {
  private readonly logger = new Logger('recipient-access');

  constructor(private readonly counter: VisitCounter) {}

  catch({ reason, file }: CannotBeShown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    this.counter.denied(reason);
    // Proven, and not as the message asks: the page of its next step says how, and nobody reads it who has proven nothing.
    if (reason === 'account-required' || reason === 'reader-required') {
      const { messageId = '' } = http.getRequest<Request>().params;
      return response.redirect(303, `/m/${String(messageId)}`);
    }
    // Found in the bytes themselves, before anything of ours is looked at: it says nothing that the one who chose the file did not know.
    if (reason === 'not-sealed-mail') {
      // by names that a template can ask for
      const kind = file === null ? {} : { [file.replace('-', '')]: true };
      return response
        .status(NOT_SEALED_STATUS)
        .render('recipient-access/not-sealed', { kind, reference: this.noteFor(reason) });
    }
    response.status(CANNOT_BE_SHOWN_STATUS).render('recipient-access/cannot-be-shown', {});
  }

  /** @returns what the page and the log have in common, so that the operator who gets a question finds the line */
  private noteFor(reason: string): string {
    const reference = base32Lower(randomBytes(6));
    this.logger.log(`an upload was no sealed message (${reason}), reference ${reference}`);
    return reference;
  }
}
