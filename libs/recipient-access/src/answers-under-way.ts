import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { finalize } from 'rxjs';
import type { Observable } from 'rxjs';
import { requestFacts } from '#libs/web-ui';
import { TooManyOpenings } from './opening-turns.ts';

/** 6: as many connections as a browser opens to one host. */
const MAX_ANSWERS_OF_A_SESSION = 6;
/** 64 KB/s averaged after a minute of grace, as for uploads (bounded-body.ts). */
const MIN_BYTES_PER_SECOND = 64_000;
const GRACE_SECONDS = 60;

/**
 * Answers that hold plaintext, from the request until their last byte has left. A turn at opening (OpeningTurns) ends when the
 * answer is made; but as long as its reader has not taken it, it waits in memory. So a session has only so many at a time,
 * turns it waits for included, and an answer that nobody takes is cut off.
 */
@Injectable()
export class AnswersUnderWay implements NestInterceptor {
  private readonly bySession = new Map<string, number>();

  /** @throws TooManyOpenings */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const response = http.getResponse<Response>();
    this.count(requestFacts(http.getRequest<Request>()).browser().id, response);
    return next.handle().pipe(finalize(() => cutOffWhenNotTaken(response)));
  }

  private count(sessionId: string, response: Response): void {
    const underWay = this.bySession.get(sessionId) ?? 0;
    if (underWay >= MAX_ANSWERS_OF_A_SESSION) throw new TooManyOpenings();
    if (response.closed) return;
    this.bySession.set(sessionId, underWay + 1);
    response.once('close', () => {
      const left = (this.bySession.get(sessionId) ?? 0) - 1;
      if (left > 0) this.bySession.set(sessionId, left);
      else this.bySession.delete(sessionId);
    });
  }
}

function cutOffWhenNotTaken(response: Response): void {
  if (response.closed) return;
  const bytes = Number(response.getHeader('content-length') ?? 0);
  const timer = setTimeout(() => response.destroy(), (GRACE_SECONDS + bytes / MIN_BYTES_PER_SECOND) * 1000);
  timer.unref();
  response.once('close', () => clearTimeout(timer));
}
