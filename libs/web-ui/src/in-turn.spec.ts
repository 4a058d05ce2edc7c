import { describe, expect, it } from '@jest/globals';
import type { Request, RequestHandler, Response } from 'express';
import { inTurn } from './in-turn.ts';

describe('several handlers as one step of an app', () => {
  const through = (...handlers: RequestHandler[]) => {
    const wentOn: unknown[] = [];
    void inTurn(handlers)({} as Request, {} as Response, (error?: unknown) => wentOn.push(error));
    return wentOn;
  };
  const goesOn: RequestHandler = (_request, _response, next) => next();

  it('calls each when the one before goes on, and the app after the last', () => {
    const called: string[] = [];
    const noted =
      (name: string): RequestHandler =>
      (_request, _response, next) => {
        called.push(name);
        next();
      };
    expect(through(noted('first'), noted('second'))).toEqual([undefined]);
    expect(called).toEqual(['first', 'second']);
  });

  it('ends where one answers itself', () => {
    expect(through(goesOn, () => undefined, goesOn)).toEqual([]);
  });

  it('gives the app what one throws or goes on with, also after a wait', async () => {
    const fault = new Error('no');
    const throwing: RequestHandler = () => {
      throw fault;
    };
    expect(through(goesOn, throwing, goesOn)).toEqual([fault]);
    expect(through((_request, _response, next) => next(fault), goesOn)).toEqual([fault]);
    const later: RequestHandler = (_request, _response, next) => setImmediate(next);
    const wentOn = through(later, throwing);
    await new Promise((resume) => setImmediate(() => setImmediate(resume)));
    expect(wentOn).toEqual([fault]);
  });
});
