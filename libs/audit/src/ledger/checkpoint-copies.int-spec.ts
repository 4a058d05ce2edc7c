import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Egress } from '#libs/egress';
import { instantOf } from '#libs/vocabulary';
import { CheckpointCopies, CheckpointNotCopied, postedTo } from './checkpoint-copies.ts';
import type { CheckpointPlace } from './checkpoint-copies.ts';

const at = instantOf('2026-11-30T12:00:00Z');
const PACES = { betweenMs: 1, retryMs: 1, timeLimitMs: 3_600_000 };

describe('copies of checkpoints', () => {
  let server: Server;
  let url: URL;
  let taken: { body: string; type: string | undefined }[];
  let answers: number[];
  let faults: unknown[];
  let copies: CheckpointCopies | null = null;

  beforeEach(async () => {
    [taken, answers, faults] = [[], [], []];
    server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const status = answers.shift() ?? 204;
        if (status < 300) taken.push({ body: String(Buffer.concat(pieces)), type: request.headers['content-type'] });
        response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/checkpoints?key=secret`);
  });
  afterEach(async () => {
    await copies?.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  const posted = (privateAddresses: string[] = ['127.0.0.1']) =>
    postedTo(url, new Egress().to({ hosts: [url.host], privateAddresses }));
  const copiesTo = (...places: CheckpointPlace[]) =>
    (copies = new CheckpointCopies(places, (fault) => faults.push(fault), PACES));

  it('are posted as the signed note stands, and again after what could not take them; the fault names the host alone', async () => {
    answers = [500, 302];
    const given = copiesTo(posted());
    given.give('note of 1\n', at, at);
    await until(() => faults.length === 2);
    expect(faults[0]).toBeInstanceOf(CheckpointNotCopied);
    expect(String(faults[0])).not.toContain('secret');
    expect((faults[0] as Error).cause).toBeDefined();
    await until(() => taken.length === 1 && given.faults.length === 0);
    expect(taken).toEqual([{ body: 'note of 1\n', type: 'text/plain; charset=utf-8' }]);
  });

  it('are posted through the guarded egress, which leads to no address that is not listed', async () => {
    const given = copiesTo(posted(['10.0.0.7']));
    given.give('note of 1\n', at, at);
    await until(() => faults.length > 0);
    expect(String((faults[0] as Error).cause)).toContain('not a listed address');
    expect(taken).toEqual([]);
  });

  it('wait for nobody: of several only the newest goes', async () => {
    const going: (() => void)[] = [];
    const went: string[] = [];
    const slow: CheckpointPlace = {
      name: 'slow',
      wants: 'each',
      send: (note) => new Promise((resolve) => void [went.push(note), going.push(resolve)]),
    };
    const given = copiesTo(slow, posted());
    for (const note of ['one', 'two', 'three']) given.give(note, at, at);
    await until(() => taken.some(({ body }) => body === 'three'));
    expect(went).toEqual(['one']);
    going[0]?.();
    await until(() => went.length === 2);
    going[1]?.();
    expect(went).toEqual(['one', 'three']);
  });

  it('are given by the day where that is wanted', async () => {
    const went: string[] = [];
    const daily: CheckpointPlace = { name: 'd', wants: 'daily', send: async (note) => void went.push(note) };
    const given = copiesTo(daily);
    given.give('of yesterday', instantOf('2026-11-29T23:59:59Z'), at);
    given.give('first', at, at);
    given.give('second', at, at);
    await until(() => went.length > 0);
    await nextTurn();
    expect(went).toEqual(['first']);
    const tomorrow = instantOf('2026-12-01T00:00:01Z');
    given.give('second', at, tomorrow);
    given.give('third', tomorrow, tomorrow);
    await until(() => went.length > 1);
    expect(went).toEqual(['first', 'third']);
  });

  it('end with the process, also while somebody is silent', async () => {
    const silent: CheckpointPlace = {
      name: 'silent',
      wants: 'each',
      send: (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    };
    const given = copiesTo(silent);
    given.give('one', at, at);
    await given.stop();
    given.give('two', at, at);
    expect(faults).toEqual([]);
  });

  it('end with the process while a server that they are posted to says nothing', async () => {
    const asked = Promise.withResolvers<void>();
    server.removeAllListeners('request').on('request', () => asked.resolve());
    const egress = new Egress({ exchangeMs: 3_600_000 });
    const given = copiesTo(postedTo(url, egress.to({ hosts: [url.host], privateAddresses: ['127.0.0.1'] })));
    given.give('one', at, at);
    await asked.promise;
    await given.stop();
    expect(faults).toEqual([]);
    server.closeAllConnections();
  });
});

async function until(isSo: () => boolean): Promise<void> {
  for (const giveUpAt = Date.now() + 30_000; !isSo();) {
    if (Date.now() > giveUpAt) throw new Error('it never came to that');
    await new Promise((resume) => setTimeout(resume, 2));
  }
}
