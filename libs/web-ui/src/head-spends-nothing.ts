import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { of } from 'rxjs';
import type { Observable } from 'rxjs';

/**
 * For controllers whose links can be used once: a client that asks for the head alone (a scanner of mails, a preview) wants to know
 * whether something is there, and means nothing by it (RFC 9110 §9.2.1). The answer is that there is, and nothing is spent.
 */
@Injectable()
export class HeadSpendsNothing implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    if (http.getRequest<Request>().method !== 'HEAD') return next.handle();
    http.getResponse<Response>().status(200).setHeader('Cache-Control', 'no-store').end();
    return of(undefined);
  }
}
