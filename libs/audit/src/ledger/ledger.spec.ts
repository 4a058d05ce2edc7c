import { describe, expect, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import { instantOf, plusSeconds } from '#libs/vocabulary';
import { ledger, LedgerContradicted, signHead } from './ledger.ts';
import type { CheckpointFacts, LedgerEvent } from './ledger.ts';

const noon = instantOf('2026-11-30T12:00:00Z');
const root = (fill: number) => Buffer.alloc(32, fill);
const facts = (size: number, more: Partial<CheckpointFacts> = {}): CheckpointFacts => ({
  head: { origin: 'post.example/ledger', size, root: root(size % 256) },
  rootAtLast: root(7),
  now: noon,
  ledgerKeyId: 'ledger-1',
  sign: ({ origin, size: of }) => `${origin} ${of}`,
  ...more,
});
const signed = (size: number, fill = 7, signedAt = noon): LedgerEvent => ({
  type: 'CheckpointSigned',
  data: {
    origin: 'old.example/ledger',
    size,
    root: root(fill).toString('base64'),
    ledgerKeyId: 'ledger-1',
    signedAt,
    note: 'n',
  },
});

describe('the head of the log', () => {
  it('is signed the first time, under the name that it is given', () =>
    given(ledger)
      .when((state) => signHead(state, facts(3)))
      .then({
        type: 'CheckpointSigned',
        data: { ...signed(3, 3).data, origin: 'post.example/ledger', note: 'post.example/ledger 3' },
      }));

  it('is signed after a thousand events, under the name that it has', () =>
    given(ledger, signed(5))
      .when((state) => signHead(state, facts(1005)))
      .then({ type: 'CheckpointSigned', data: { ...signed(1005, 1005 % 256).data, note: 'old.example/ledger 1005' } }));

  it('is not signed before that', () =>
    given(ledger, signed(5))
      .when((state) => signHead(state, facts(1004)))
      .then());

  it('is signed when it is wanted, if there is anything new', () => {
    given(ledger, signed(5))
      .when((state) => signHead(state, facts(6, { isWanted: true })))
      .then({ type: 'CheckpointSigned', data: { ...signed(6, 6).data, note: 'old.example/ledger 6' } });
    given(ledger, signed(5))
      .when((state) => signHead(state, facts(5, { isWanted: true })))
      .then();
  });

  it.each([600, -600])('is signed after ten minutes, also when the clock was set back (%i s)', (seconds) => {
    const now = plusSeconds(noon, seconds);
    given(ledger, signed(5))
      .when((state) => signHead(state, facts(5, { now })))
      .then({ type: 'CheckpointSigned', data: { ...signed(5, 5, now).data, note: 'old.example/ledger 5' } });
  });

  it('is left alone by a process that has not seen what was signed', () =>
    given(ledger, signed(2000))
      .when((state) => signHead(state, facts(1000, { rootAtLast: null })))
      .then());

  it('is never signed over a log that contradicts what was signed', () => {
    expect(() => signHead(ledger.evolve(null, signed(5, 8)), facts(2000))).toThrow(LedgerContradicted);
  });
});
