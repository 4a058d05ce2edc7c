import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { DomainError } from '#libs/vocabulary';

/** Nobody is signed in at the console in this browser, or not any more. */
export class NotSignedIn extends DomainError {
  constructor() {
    super('console-not-signed-in');
  }
}

/** To the way in, and from there back to the page that was asked for. A form that was sent is not sent again by itself. */
@Catch(NotSignedIn)
export class NotSignedInFilter implements ExceptionFilter<NotSignedIn> {
  catch(_: NotSignedIn, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { method, originalUrl } = http.getRequest<Request>();
    const query = new URLSearchParams(method === 'GET' ? { back: originalUrl } : { ended: 'yes' });
    http.getResponse<Response>().redirect(303, `/console/sign-in?${query.toString()}`);
  }
}

/** Where somebody goes on after signing in: a page of the console, whatever the address says. */
export function pageOfConsole(path: unknown): string {
  return typeof path === 'string' && /^\/console(?:[/?][\x21-\x5b\x5d-\x7e]{0,1500})?$/.test(path) ? path : '/console';
}
