import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ledgerProjection } from '#libs/audit';
import { ProjectionRunner, ReadModels, streamName } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { FixedClock, plusSeconds, SystemClock } from '#libs/vocabulary';
import { CHECKS_AROUND_IT } from './around-it.ts';
import type { CheckedParts } from './check.ts';
import { faultsOfMailRecords } from './mail-records.ts';
import { faultsOfFormerHost, faultsOfPublicAddress } from './public-address.ts';

describe('records in DNS', () => {
  /** By name: texts; a name that is not there does not exist; null: the server fails. */
  let zone: Map<string, readonly string[] | null>;
  let server: Socket;
  let resolver: Resolver;
  beforeEach(async () => {
    zone = new Map();
    server = createSocket('udp4');
    server.on('message', (question, { port, address }) => server.send(answerTo(question, zone), port, address));
    await new Promise<void>((bound) => server.bind(0, '127.0.0.1', bound));
    resolver = new Resolver({ timeout: 2000, tries: 1 });
    resolver.setServers([`127.0.0.1:${server.address().port}`]);
  });
  afterEach(() => void server.close());

  const faults = (dkim: Record<string, string> = {}) =>
    faultsOfMailRecords({ domain: 'post.example.com', dkim: new Map(Object.entries(dkim)) }, resolver);

  it('are well where all is there, DMARC also at the domain above', async () => {
    zone.set('post.example.com', ['google-site-verification=x', 'v=spf1 include:relay.example -all']);
    zone.set('_dmarc.example.com', ['v=DMARC1; p=reject']);
    zone.set('segl-rsa-1._domainkey.post.example.com', ['v=DKIM1; k=rsa; p=AB CD']);
    expect(await faults({ 'segl-rsa-1': 'v=DKIM1; k=rsa; p=ABCD' })).toEqual([]);
  });

  it('are named one by one where they are missing, doubled, or another', async () => {
    expect(await faults({ 'segl-rsa-1': 'v=DKIM1; p=ABCD' })).toEqual([
      expect.stringContaining('has no SPF record'),
      expect.stringContaining('has no DMARC record'),
      expect.stringContaining('segl-rsa-1._domainkey.post.example.com is not there'),
    ]);
    zone.set('post.example.com', ['v=spf1 -all', 'v=spf1 +all', 'v=spf10 is another']);
    zone.set('_dmarc.post.example.com', ['v=DMARC1x']);
    zone.set('segl-rsa-1._domainkey.post.example.com', ['v=DKIM1; p=WXYZ']);
    expect(await faults({ 'segl-rsa-1': 'v=DKIM1; p=ABCD' })).toEqual([
      expect.stringContaining('2 SPF records'),
      expect.stringContaining('has no DMARC record'),
      expect.stringContaining('holds another key'),
    ]);
  });

  it('are not said to be missing where DNS does not answer', async () => {
    zone.set('post.example.com', null);
    expect(await faults()).toEqual(['DNS could not be asked about post.example.com']);
  });
});

describe('the clock', () => {
  it.each([
    [30, 'not behind the record'],
    [3600, null],
  ])('is compared with the newest event, %d s ahead', async (ahead, words) => {
    const clock = new FixedClock(plusSeconds(new SystemClock().now(), ahead));
    const sqlite = await openTemporarySqlite({ clock });
    const models = ReadModels.open(join(sqlite.directory, 'read-models.sqlite'));
    const runner = new ProjectionRunner(sqlite.store, models, [ledgerProjection]);
    try {
      await sqlite.store.append(streamName('table', 'a'), 'NONE', [{ type: 'Poured', data: {} }]);
      runner.start();
      await runner.caughtUp();
      const check = CHECKS_AROUND_IT.find(({ part }) => part === 'clock');
      const parts = { eventStore: async () => sqlite.store, trail: async () => models.db } as unknown as CheckedParts;
      const said = check?.run(parts);
      if (words === null) await expect(said).rejects.toThrow(/^the newest event is of .*, 3\d\d\d s from now$/);
      else expect(await said).toBe(words);
    } finally {
      await runner.stop();
      models.close();
      await sqlite.cleanUp();
    }
  });
});

describe('the public address', () => {
  let answers: Record<string, (response: ServerResponse) => unknown>;
  let server: Server;
  let url: string;
  beforeEach(async () => {
    answers = {
      '/healthz': (response) => response.end('ok'),
      '/help': (response) => response.setHeader('Content-Security-Policy', "default-src 'none'").end('help'),
    };
    server = createServer((request, response) => {
      const answer = answers[request.url ?? ''];
      if (answer === undefined) response.writeHead(404).end();
      else answer(response);
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => void server.close());

  it('is well where the portal answers there and nothing of the management port does', async () => {
    expect(await faultsOfPublicAddress(url)).toEqual([]);
  });

  it('is not where readers can reach figures, headers are gone, or something else answers', async () => {
    answers['/metrics'] = (response) => response.end('segl_events_total 1');
    answers['/help'] = (response) => response.end('a parked domain');
    expect(await faultsOfPublicAddress(url)).toEqual([
      expect.stringContaining('Content-Security-Policy'),
      expect.stringMatching(/\/metrics answers readers/),
    ]);
    answers = { '/healthz': (response) => response.writeHead(302, { Location: 'https://elsewhere.example' }).end() };
    expect(await faultsOfPublicAddress(url)).toEqual([
      expect.stringContaining('/healthz answers 302'),
      expect.stringContaining('/help answers 404'),
    ]);
  });

  it('is led to from each older name, else attachments that name it do not open', async () => {
    const publicUrl = url.replace('127.0.0.1', 'localhost');
    answers['/help'] = (response) => response.writeHead(307, { Location: new URL('/help', publicUrl).href }).end();
    expect(await faultsOfFormerHost(publicUrl, '127.0.0.1')).toEqual([]);
    answers['/help'] = (response) => response.end('help, since a proxy wrote another name over it');
    expect(await faultsOfFormerHost(publicUrl, '127.0.0.1')).toEqual([
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/help does not lead to http:\/\/localhost:\d+\/help/),
    ]);
    await new Promise((closed) => server.close(closed));
    expect(await faultsOfFormerHost(publicUrl, '127.0.0.1')).toEqual([
      expect.stringMatching(/^nothing answers at .*\/help \(\w+\): attachments/),
    ]);
  });

  it('is named where nobody answers, with the reason', async () => {
    await new Promise((closed) => server.close(closed));
    expect(await faultsOfPublicAddress(url)).toEqual([
      expect.stringMatching(/^nothing answers at .* \(ECONNREFUSED\)$/),
    ]);
  });
});

/** RFC 1035, as far as a question for TXT needs it. */
function answerTo(question: Buffer, zone: ReadonlyMap<string, readonly string[] | null>): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const texts = zone.get(labels.join('.').toLowerCase());
  const [NAME_ERROR, SERVER_FAILURE] = [3, 2];
  const code = texts === undefined ? NAME_ERROR : texts === null ? SERVER_FAILURE : 0;
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(texts?.length ?? 0, 6);
  header.writeUInt32BE(0, 8);
  const records = (texts ?? []).map((text) => {
    const fixed = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, text.length + 1, text.length]);
    return Buffer.concat([fixed, Buffer.from(text, 'latin1')]);
  });
  return Buffer.concat([header, question.subarray(12, at + 5), ...records]);
}
