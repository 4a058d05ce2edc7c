import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { EventStoreUnavailable } from '#libs/event-store';
import { freePort } from '#libs/vocabulary/testing';
import type { Settings } from '../settings/settings.ts';
import { openWhenReachable } from './waiting-room.ts';

it('while a server is waited for, a program is told so as everywhere else, a person in a sentence, and all that it lives', async () => {
  const httpPort = await freePort();
  const settings = { httpPort, httpHost: '127.0.0.1', eventStore: 'esdb://events.internal' } as Settings;
  let isAway = true;
  const open = async () => {
    if (isAway) throw new EventStoreUnavailable('none of 3 nodes answers');
    return 'opened';
  };
  const waiting = Promise.withResolvers<string>();
  const opening = openWhenReachable(open, settings, pino({ level: 'silent' }), waiting.resolve);
  expect(await waiting.promise).toBe('event store: cannot be reached yet; the log says why');
  const ask = async (path: string) => {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${httpPort}${path}`).catch(() => null);
      if (answer !== null) return answer;
    }
  };
  const program = await ask('/api/v1/messages?x');
  expect([program.status, program.headers.get('content-type')]).toEqual([503, 'application/problem+json']);
  expect(program.headers.has('retry-after')).toBe(true);
  expect(await program.json()).toMatchObject({ type: 'urn:segl:problem:event-store-unavailable', status: 503 });
  const person = await ask('/privacy');
  expect([person.status, person.headers.get('content-type')]).toEqual([503, 'text/plain; charset=utf-8']);
  expect((await ask('/healthz')).status).toBe(200);
  isAway = false;
  expect(await opening).toBe('opened');
});
