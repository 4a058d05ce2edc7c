import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { MessageId } from '#libs/vocabulary';
import { authorField, MailHeader } from '#libs/mail';
import { mailFrom, oddFromFields, startSmtpSink } from '#libs/mail/testing';
import {
  SUBMITTED_MAIL,
  askToSeal,
  eventTypes,
  leftInOutbox,
  nothingLeft,
  opened,
} from '../testing/sealing-api-client.ts';
import type { Answer, Asked } from '../testing/sealing-api-client.ts';
import { OFFICE_TOKEN, openSubmissionRoom, READER_TOKEN } from '../testing/submission-room.ts';
import type { SubmissionRoomOptions } from '../testing/submission-room.ts';
import { openApi } from './openapi.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options: Partial<SubmissionRoomOptions> = {}, sinkOptions = {}) {
  const sink = await startSmtpSink(sinkOptions);
  cleanups.push(() => sink.close());
  const room = await openSubmissionRoom({ relayPort: sink.port, ...options });
  cleanups.push(() => room.close());
  return { sink, room };
}

describe('POST /api/v1/messages', () => {
  it('seals for each recipient, records it, and gives the carriers to the relay', async () => {
    const { room, sink } = await open();
    const to = ['Anna@Example.com', 'b@example.com', 'anna@example.com'];
    const response = await askToSeal(room, { to });
    expect(response.status).toBe(201);
    const { messages } = (await response.json()) as Answer;
    expect(messages).toEqual([
      { to: 'anna@example.com', messageId: expect.stringMatching(/^[a-z2-7]{32}$/), delivery: 'relayed' },
      { to: 'b@example.com', messageId: expect.stringMatching(/^[a-z2-7]{32}$/), delivery: 'relayed' },
    ]);
    expect(sink.mails).toHaveLength(2);
    for (const { to: recipient, messageId } of messages) {
      const sunk = sink.mails.find(({ rcptTo }) => rcptTo.includes(recipient));
      expect(sunk).toMatchObject({ mailFrom: 'office@example.org', rcptTo: [recipient] });
      expect((await opened(room, sunk?.content ?? Buffer.alloc(0), messageId, recipient)).equals(SUBMITTED_MAIL)).toBe(
        true,
      );
    }
    expect((await eventTypes(room)).sort()).toEqual([
      ...['CarrierRelayed', 'CarrierRelayed', 'MessageSealed', 'MessageSealed', 'SubmissionAccepted'],
    ]);
    expect(await leftInOutbox(room)).toEqual([]);
  });

  it('writes neither address nor content in clear into any event', async () => {
    const { room } = await open({ settings: { recordMailSubject: true } });
    await askToSeal(room, { key: 'a-key' });
    const bytes = Buffer.concat(
      (await Array.fromAsync(room.store.readAll())).map((event) => Buffer.from(event.bytes)),
    ).toString();
    expect(bytes).toContain('mailSubject');
    expect(bytes).not.toMatch(/anna|office@|@example|Afg|hemmelig|a-key/);
  });

  it('says that a carrier waits when the relay does not take it now, and delivers it later', async () => {
    let isAway = true;
    const { room, sink } = await open(
      { settings: { awaitFirstTryMs: 300 }, outbox: { firstRetrySeconds: 0.1 } },
      {
        onRcptTo: (_address: unknown, _session: unknown, done: (error?: Error) => void) =>
          done(isAway ? Object.assign(new Error('later'), { responseCode: 451 }) : undefined),
      },
    );
    const { messages } = (await (await askToSeal(room)).json()) as Answer;
    expect(messages).toMatchObject([{ delivery: 'queued' }]);
    isAway = false;
    while (sink.mails.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(
      (
        await opened(
          room,
          sink.mails[0]?.content ?? Buffer.alloc(0),
          messages[0]?.messageId as MessageId,
          'anna@example.com',
        )
      ).equals(SUBMITTED_MAIL),
    ).toBe(true);
  });

  it('says which recipient the relay refuses for good', async () => {
    const { room } = await open(
      {},
      {
        onRcptTo: ({ address }: { address: string }, _session: unknown, done: (error?: Error) => void) =>
          done(
            address.startsWith('nobody') ? Object.assign(new Error('no such user'), { responseCode: 550 }) : undefined,
          ),
      },
    );
    const { messages } = (await (
      await askToSeal(room, { to: ['anna@example.com', 'nobody@example.com'] })
    ).json()) as Answer;
    expect(messages.map(({ delivery }) => delivery)).toEqual(['relayed', 'refused']);
  });

  it('answers one carrier, or several, with deliver=false, and sends nothing', async () => {
    const { room, sink } = await open();
    const one = await askToSeal(room, { query: 'from=office@example.org&to=anna@example.com&deliver=false' });
    expect([one.status, one.headers.get('content-type')]).toEqual([201, 'message/rfc822']);
    const carrier = Buffer.from(await one.arrayBuffer());
    const [messageId] = /(?<=Segl-Message: )\w+/.exec(carrier.toString('latin1')) ?? [];
    expect((await opened(room, carrier, messageId as MessageId, 'anna@example.com')).equals(SUBMITTED_MAIL)).toBe(true);

    const several = await askToSeal(room, {
      query: 'from=office@example.org&to=anna@example.com&to=b@example.com&deliver=false',
    });
    const type = several.headers.get('content-type') ?? '';
    const boundary = /boundary="([^"]+)"/.exec(type)?.[1];
    const parts = Buffer.from(await several.arrayBuffer())
      .toString('latin1')
      .split(`--${boundary}`);
    expect(parts).toHaveLength(4);
    for (const [index, recipient] of ['anna@example.com', 'b@example.com'].entries()) {
      const part = parts[index + 1] ?? '';
      expect(part).toContain(`Segl-Recipient: ${recipient}\r\n`);
      const inner = Buffer.from(part.slice(part.indexOf('\r\n\r\n') + 4), 'latin1');
      const id = /Segl-Message: (\w+)/.exec(part)?.[1] as MessageId;
      expect((await opened(room, inner, id, recipient)).equals(SUBMITTED_MAIL)).toBe(true);
    }
    expect(parts[3]).toBe('--\r\n');
    expect(sink.mails).toEqual([]);
    await nothingLeft(room);
  });

  it.each<[string, Asked, number, object]>([
    ['no token', { token: null }, 401, {}],
    ['a wrong token', { token: 'office-tokem' }, 401, {}],
    ['a token that may not seal', { token: READER_TOKEN }, 403, {}],
    ['an empty token', { headers: { Authorization: 'Bearer ' }, token: null }, 401, {}],
    ['another scheme', { headers: { Authorization: `Basic ${OFFICE_TOKEN}` }, token: null }, 401, {}],
    ['no sender', { query: 'to=anna@example.com' }, 400, { parameter: 'from' }],
    ['two senders', { query: 'from=a@example.org&from=b@example.org&to=anna@example.com' }, 400, { parameter: 'from' }],
    ['a sender of someone else', { from: 'office@example.com' }, 403, { parameter: 'Segl-Sender' }],
    ['a sender of a subdomain', { from: 'office@sub.example.org' }, 403, { parameter: 'Segl-Sender' }],
    ['a From of someone else', { body: 'From: boss@example.com\r\n\r\nx' }, 403, {}],
    ['a second From of someone else', { body: 'From: office@example.org\r\nFrom: boss@example.com\r\n\r\nx' }, 403, {}],
    ['a From that hides someone else', { body: 'From: office@example.org, "x" <boss@example.com>\r\n\r\nx' }, 403, {}],
    [
      'a From that names nobody clearly',
      { body: 'From: Office, The <office@example.org>\r\n\r\nx' },
      422,
      { field: 'From' },
    ],
    ['no recipient', { query: 'from=office@example.org' }, 400, { parameter: 'Segl-Recipient' }],
    [
      'too many recipients',
      { to: Array.from({ length: 101 }, (_, index) => `r${index}@example.com`) },
      400,
      { parameter: 'Segl-Recipient' },
    ],
    [
      'a list as a recipient',
      { query: 'from=office@example.org&to=a@example.com,%20b@example.com' },
      400,
      { parameter: 'to', position: 1, refusal: 'control-or-space' },
    ],
    [
      'words in quotes for a recipient',
      { to: ['a@example.com', '"b(c)"@example.com'] },
      400,
      { parameter: 'Segl-Recipient', position: 2, refusal: 'quoted-or-comment' },
    ],
    [
      'a plus that was not encoded',
      { query: 'from=office@example.org&to=anna+tag@example.com' },
      400,
      { refusal: 'control-or-space' },
    ],
    [
      'an unknown parameter',
      { query: 'from=office@example.org&to=anna@example.com&cc=b@example.com' },
      400,
      { parameter: 'cc' },
    ],
    [
      'a strange deliver',
      { query: 'from=office@example.org&to=anna@example.com&deliver=maybe' },
      400,
      { parameter: 'deliver' },
    ],
    ['two senders in fields', { from: 'a@example.org, b@example.org' }, 400, { parameter: 'Segl-Sender' }],
    ['an empty sender', { from: ',' }, 400, { parameter: 'Segl-Sender', refusal: 'empty' }],
    ['no recipient in fields', { to: [] }, 400, { parameter: 'Segl-Recipient', refusal: 'empty' }],
    [
      'fields and a query',
      { query: 'from=office@example.org', headers: { 'Segl-Recipient': 'anna@example.com' } },
      400,
      { parameter: 'from' },
    ],
    ['a term that is none', { headers: { 'Segl-Terms': 'no-download, no-copy' } }, 400, { parameter: 'Segl-Terms' }],
    ...['0', '-1', '1.5', 'a day', '7776001', '60, 60'].map((seconds): [string, Asked, number, object] => [
      `a lifetime of ${seconds}`,
      { headers: { 'Segl-Lifetime-Seconds': seconds } },
      400,
      { parameter: 'Segl-Lifetime-Seconds' },
    ]),
    ['a strange Segl-Deliver', { headers: { 'Segl-Deliver': 'maybe' } }, 400, { parameter: 'Segl-Deliver' }],
    ['nothing at all as a mail', { body: '' }, 422, { field: 'header' }],
    [
      'words that are no mail',
      { body: 'Dear Anna, the case is closed: see you.\r\n\r\nBo\r\n' },
      422,
      { field: 'header' },
    ],
    [
      'a mail that was cut off in its header',
      { body: 'Subject: x\r\nFrom: office@example.org\r\n' },
      422,
      { field: 'body' },
    ],
    ['a key with spaces', { key: 'a b' }, 400, { parameter: 'Idempotency-Key' }],
    ['a long key', { key: 'k'.repeat(256) }, 400, { parameter: 'Idempotency-Key' }],
    ['another media type', { headers: { 'Content-Type': 'text/plain' } }, 415, {}],
    ['a compressed body', { headers: { 'Content-Encoding': 'gzip' } }, 415, {}],
    ['a body over the limit', { body: Buffer.alloc(2_000_001) }, 413, {}],
  ])('refuses %s', async (_what, asked, status, expected) => {
    const { room, sink } = await open({ settings: { maxMailBytes: 2_000_000 } });
    const response = await askToSeal(room, asked);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
    ]);
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ status, ...expected });
    expect(String(problem.detail)).not.toMatch(/example|\/work|\.ts/);
    if (status === 401) expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="segl"/);
    if (asked.token === READER_TOKEN) {
      expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="messages:seal"');
    }
    expect(sink.mails).toEqual([]);
    expect(await eventTypes(room)).toEqual([]);
    expect(await leftInOutbox(room)).toEqual([]);
  });

  it('wants to know whether there is a body at all', async () => {
    const { room } = await open();
    const socket = connect(Number(new URL(room.url).port), '127.0.0.1');
    const head = 'POST /api/v1/messages?from=office@example.org&to=anna@example.com HTTP/1.1';
    socket.write(
      `${head}\r\nHost: x\r\nContent-Type: message/rfc822\r\nAuthorization: Bearer ${OFFICE_TOKEN}\r\nConnection: close\r\n\r\n`,
    );
    let answer = '';
    for await (const piece of socket) answer += String(piece);
    expect(answer).toMatch(/^HTTP\/1.1 411 /);
  });

  it('refuses a chunked body the moment it goes over the limit, and leaves nothing', async () => {
    const { room } = await open({ settings: { maxMailBytes: 1_000_000 } });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asking = httpRequest(`${room.url}/api/v1/messages?from=office@example.org&to=anna@example.com`, {
        method: 'POST',
        headers: { 'Content-Type': 'message/rfc822', Authorization: `Bearer ${OFFICE_TOKEN}` },
      });
      asking.on('response', (response) => resolve(response.resume().statusCode));
      asking.on('error', reject);
      asking.write(SUBMITTED_MAIL);
      const pump = setInterval(() => asking.write(Buffer.alloc(100_000)), 2);
      asking.on('close', () => clearInterval(pump));
    });
    expect(status).toBe(413);
    expect(await leftInOutbox(room)).toEqual([]);
    expect(await eventTypes(room)).toEqual([]);
  });

  it('leaves nothing of a client that goes away half-way', async () => {
    const { room } = await open();
    await new Promise<void>((resolve) => {
      const asking = httpRequest(`${room.url}/api/v1/messages?from=office@example.org&to=anna@example.com`, {
        method: 'POST',
        headers: {
          'Content-Type': 'message/rfc822',
          Authorization: `Bearer ${OFFICE_TOKEN}`,
          'Content-Length': 1_000_000,
        },
      });
      asking.on('error', () => resolve());
      asking.write(SUBMITTED_MAIL);
      asking.write(Buffer.alloc(500_000));
      setTimeout(() => asking.destroy(), 100);
    });
    await nothingLeft(room);
    expect(await eventTypes(room)).toEqual([]);
  });

  it('lets a program write as whom the carrier and the page will name, and as nobody else', async () => {
    const { room, sink } = await open();
    for (const odd of oddFromFields) {
      const sealedBefore = sink.mails.length;
      const response = await askToSeal(room, { body: mailFrom(odd) });
      const names = odd.names ?? [odd.address];
      const status = names.some((name) => !name?.endsWith('@example.org')) ? 403 : odd.fault ? 422 : 201;
      const problem = (await response.json()) as { field?: string; fault?: string; detail?: string };
      expect([odd.what, response.status, problem.fault]).toEqual([
        odd.what,
        status,
        status === 422 ? odd.fault : undefined,
      ]);
      if (status === 422) {
        expect(problem.field).toBe('From');
        expect(problem.detail).toMatch(
          /^The From field of the mail names no single clear author: [^@<]+; nothing was sealed\.$/,
        );
      }
      expect([odd.what, sink.mails.length - sealedBefore]).toEqual([odd.what, status === 201 ? 1 : 0]);
      if (status !== 201) continue;
      const carrier = MailHeader.of(sink.mails.at(-1)?.content ?? Buffer.alloc(0));
      expect(authorField(carrier, 'from')).toMatchObject({ kind: 'one', names: [odd.address] });
    }
  }, 60_000);
});

describe('the document of the API', () => {
  it('tells of every route, and of no other', async () => {
    const { room } = await open();
    const { stack } = room.app.getHttpAdapter().getInstance().router as unknown as {
      stack: { route?: { path: string; methods: Record<string, boolean> } }[];
    };
    const routes = stack.flatMap(({ route }) =>
      route ? Object.keys(route.methods).map((method) => `${method} ${route.path}`) : [],
    );
    const told = Object.entries(openApi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path.replace('{messageId}', ':messageId')}`),
    );
    expect([...routes, 'get /api/v1/openapi.json'].sort()).toEqual(told.sort()); // that one is the app's
  });

  it('tells of every status and every field that there is', () => {
    const { responses } = openApi.paths['/api/v1/messages']?.post ?? { responses: {} };
    expect(Object.keys(responses).sort()).toEqual([
      '201',
      '400',
      '401',
      '403',
      '408',
      '409',
      '411',
      '413',
      '415',
      '422',
      '429',
      '503',
    ]);
    const message = openApi.paths['/api/v1/messages/{messageId}'];
    expect(Object.keys(message?.get?.responses ?? {}).sort()).toEqual(['200', '401', '403', '404', '503']);
    expect(Object.keys(message?.delete?.responses ?? {}).sort()).toEqual(['200', '400', '401', '403', '404', '503']);
    expect(Object.keys(openApi.components.schemas.Problem?.properties ?? {})).toEqual([
      'type',
      'title',
      'status',
      'detail',
      'reference',
      'parameter',
      'position',
      'refusal',
      'field',
      'fault',
    ]);
    expect(JSON.stringify(openApi.components.schemas.Submitted)).toContain('"enum":["relayed","queued","refused"]');
  });
});
