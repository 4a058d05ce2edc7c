import type { Request, Response } from 'express';
import { discardRest, sendProblem } from '#libs/web-ui';
import { problemOf } from './problems.ts';
import { SealingNotAuthorised } from './settings.ts';

/** What is foreseen is told here, in words for programmers; the rest goes to the filter of the whole app. @param scope asked for */
export function refuse(request: Request, response: Response, error: unknown, scope: string): void {
  const answered = problemOf(error);
  if (!answered && !response.headersSent) {
    discardRest(request, response);
    throw error;
  }
  const challenge = error instanceof SealingNotAuthorised ? { error: error.error, scope } : undefined;
  if (answered) sendProblem(request, response, { ...answered, challenge });
  else response.destroy();
}
