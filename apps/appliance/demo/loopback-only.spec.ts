import { describe, expect, it, jest } from '@jest/globals';
import type { Request, Response } from 'express';
import { loopbackOnly } from './loopback-only.ts';

function ask(host: string | undefined): { status: number; isAnswered: boolean } {
  let status = 200;
  const send = jest.fn();
  const response = {
    status: (code: number) => ((status = code), response),
    set: () => response,
    type: () => response,
    send,
  };
  const next = jest.fn();
  void loopbackOnly({ headers: { host } } as Request, response as unknown as Response, next);
  expect(next.mock.calls.length + send.mock.calls.length).toBe(1);
  return { status, isAnswered: next.mock.calls.length === 1 };
}

describe('a demonstration', () => {
  it.each(['localhost', 'localhost:8080', 'LOCALHOST:8080', '127.0.0.1:8080', '127.8.8.8', '[::1]:8080'])(
    'answers as %s',
    (host) => {
      expect(ask(host)).toEqual({ status: 200, isAnswered: true });
    },
  );

  it.each([
    undefined,
    '',
    'rebound.example:8080',
    'localhost.rebound.example',
    '127.0.0.1.rebound.example:8080',
    '192.0.2.1:8080',
    'localhost:8080:8080',
    'a@localhost',
  ])('is not there for a page that calls it %p', (host) => {
    expect(ask(host)).toEqual({ status: 421, isAnswered: false });
  });
});
