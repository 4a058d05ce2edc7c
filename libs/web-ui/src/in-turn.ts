import type { NextFunction, Request, RequestHandler, Response } from 'express';

/**
 * Several handlers as one step of the app, each called when the one before goes on. The router of Express asks of each of its steps whether it is meant,
 * by path and with several objects of its own; those that every request passes are always meant. What one throws, or goes on with, is the app's to answer.
 */
export function inTurn(handlers: readonly RequestHandler[]): RequestHandler {
  return (request, response, next) => goOn(handlers, 0, request, response, next);
}

function goOn(
  handlers: readonly RequestHandler[],
  at: number,
  request: Request,
  response: Response,
  next: NextFunction,
) {
  const handler = handlers[at];
  if (handler === undefined) return next();
  try {
    void handler(request, response, (error?: unknown) => {
      if (error === undefined) goOn(handlers, at + 1, request, response, next);
      else next(error);
    });
  } catch (error) {
    next(error);
  }
}
