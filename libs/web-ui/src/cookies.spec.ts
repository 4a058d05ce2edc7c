import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { cookieValues } from './cookies.ts';

/** As Node hands headers on: each byte a character. */
const asking = (cookie: string | Buffer) => {
  const header = typeof cookie === 'string' ? cookie : cookie.toString('latin1');
  return { headers: { cookie: header } } as unknown as Request;
};

describe('cookies of a request', () => {
  it('are all that have the name, in their order', () => {
    expect(cookieValues(asking('a=1; __Host-segl=x;\t__Host-segl=y ; __Host-segl2=z'), '__Host-segl')).toEqual([
      'x',
      'y',
    ]);
    expect(cookieValues(asking(''), '__Host-segl')).toEqual([]);
  });

  /** A5, A14: a cookie that a neighbouring host may set would make a reader sign in as somebody else's browser. */
  it.each([
    ['a no-break space in ISO 8859-1', Buffer.concat([Buffer.from([0xa0]), Buffer.from('__Host-segl=x')])],
    ['a no-break space in UTF-8', Buffer.from('\u00a0__Host-segl=x')],
    ['an en quad in UTF-8', Buffer.from('\u2000__Host-segl=x')],
    ['a next-line control', Buffer.concat([Buffer.from([0x85]), Buffer.from('__Host-segl=x')])],
    ['a form feed', '\f__Host-segl=x'],
    ['another case', '__host-segl=x'],
    ['a name that ends so', 'x__Host-segl=x'],
  ])('are not those that only look so: %s before the name', (_, cookie) => {
    expect(cookieValues(asking(cookie), '__Host-segl')).toEqual([]);
  });
});
