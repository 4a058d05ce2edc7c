import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { requestFacts } from '#libs/web-ui';
import { CannotBeShown } from './cannot-be-shown.ts';
import { VisitCounter } from './visit-counter.ts';

/** 404 whatever the reason: revoked, expired, altered, unknown, somebody else's and gone must not be told apart. */
const CANNOT_BE_SHOWN_STATUS = 404;

@Catch(CannotBeShown)
export class CannotBeShownFilter implements ExceptionFilter<CannotBeShown> {
  constructor(private readonly counter: VisitCounter) {}

  catch({ reason }: CannotBeShown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    this.counter.denied(requestFacts(http.getRequest<Request>()).visitId, reason);
    response.status(CANNOT_BE_SHOWN_STATUS).render('recipient-access/cannot-be-shown', {});
  }
}
