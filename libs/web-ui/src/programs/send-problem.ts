import type { Request, Response } from 'express';
import { discardRest } from '../discard-rest.ts';

/** Problem details (RFC 9457), with what goes into the header beside them. */
export interface AnsweredProblem {
  readonly problem: { readonly status: number };
  readonly retryAfterSeconds?: number | undefined;
  /** RFC 6750 §3.1: what was wrong with the access token, and which scope it should have. */
  readonly challenge?: { readonly error: 'invalid_token' | 'insufficient_scope'; readonly scope: string } | undefined;
}

/** Answers a program that its request is refused. An answer that has begun is cut off: half of one must not look whole. */
export function sendProblem(request: Request, response: Response, answered: AnsweredProblem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  discardRest(request, response);
  const { problem, retryAfterSeconds, challenge } = answered;
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));
  if (challenge !== undefined) response.setHeader('WWW-Authenticate', challengeOf(request, challenge));
  response.setHeader('Cache-Control', 'no-store');
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

/** RFC 6750 §3: no error code where no token was given. */
function challengeOf({ headers }: Request, { error, scope }: NonNullable<AnsweredProblem['challenge']>): string {
  const wanted = error === 'insufficient_scope' ? `, scope="${scope}"` : '';
  return `Bearer realm="segl"${headers.authorization === undefined ? '' : `, error="${error}"${wanted}`}`;
}
