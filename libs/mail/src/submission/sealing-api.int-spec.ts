import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CommandBus } from '@nestjs/cqrs';
import { simpleParser } from 'mailparser';
import { EventStoreUnavailable, readState } from '#libs/event-store';
import type { AppendResult, EventStore } from '#libs/event-store';
import { messageStream, openSealedMail, sealedMessages } from '#libs/sealing';
import { SystemClock, newEventId, parseMailAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { CarrierReader } from '../carrier/carrier-reader.ts';
import { authorsOf } from '../carrier/kept-headers.ts';
import { mailShapes } from '../testing/mail-shapes.ts';
import { startSmtpSink } from '../testing/smtp-sink.ts';
import { OFFICE_TOKEN, OTHER_TOKEN, openSubmissionRoom } from '../testing/submission-room.ts';
import type { SubmissionRoom, SubmissionRoomOptions } from '../testing/submission-room.ts';
import { openApi } from './openapi.ts';
import { SubmissionSettings } from './settings.ts';
import type { SealingClient } from './settings.ts';
import { SubmitMail, SubmitMailHandler } from './submit-mail.ts';

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

const MAIL = Buffer.from(
  'From: Office <office@example.org>\r\nTo: anna@example.com\r\nSubject: Afg\u00f8relse\r\n\r\nhemmelig\r\n',
);

interface Asked {
  from?: string;
  to?: string[];
  query?: string;
  body?: Buffer | string;
  token?: string | null;
  key?: string;
  headers?: Record<string, string>;
}

function post(
  room: SubmissionRoom,
  {
    from = 'office@example.org',
    to = ['anna@example.com'],
    query,
    body = MAIL,
    token = OFFICE_TOKEN,
    key,
    headers = {},
  }: Asked = {},
) {
  const search =
    query ?? new URLSearchParams([['from', from], ...to.map((each): [string, string] => ['to', each])]).toString();
  return fetch(`${room.url}/api/v1/messages?${search}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: {
      'Content-Type': 'message/rfc822',
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...(key !== undefined && { 'Idempotency-Key': key }),
      ...headers,
    },
  });
}

interface Answer {
  messages: { to: string; messageId: MessageId; delivery: string }[];
}

/** The mail in a carrier, opened as the portal does, against the record. */
async function opened(room: SubmissionRoom, carrier: Buffer, messageId: MessageId, recipient: string): Promise<Buffer> {
  const reader = new CarrierReader();
  const ciphertext = Buffer.concat([reader.push(carrier), reader.end()]);
  const { state } = await readState(room.store, messageStream(messageId), sealedMessages);
  if (state.status !== 'sealed') throw new Error(`recorded as ${state.status}`);
  const identity = room.keyring.sealingIdentity(state.sealingKeyId);
  if (!identity) throw new Error('no identity');
  async function* pieces() {
    yield ciphertext;
  }
  const { mail } = await openSealedMail(pieces(), {
    identity,
    verifierFor: (keyId) => room.keyring.manifestVerifier(keyId),
    recorded: state,
    recipient: parseMailAddress(recipient),
    sender: parseMailAddress('office@example.org'),
  });
  return mail;
}

async function eventTypes(room: SubmissionRoom): Promise<string[]> {
  return (await Array.fromAsync(room.store.readAll())).map(({ type }) => type);
}

/** Every folder of the outbox but the locks. */
async function leftInOutbox(room: SubmissionRoom): Promise<string[]> {
  const folders = ['staging', 'queue', 'sending', 'refused', 'kept'];
  return (await Promise.all(folders.map((folder) => readdir(join(room.outboxDirectory, folder))))).flat();
}

/** A store whose appends go through `around`. */
function storeWith(
  store: EventStore,
  around: (append: () => Promise<AppendResult>, stream: string) => Promise<AppendResult>,
): EventStore {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'append') return value.bind(target) as unknown;
      return (...args: Parameters<EventStore['append']>) => around(() => target.append(...args), args[0]);
    },
  });
}

/** Soon: what is swept up after the answer may take a moment. */
async function nothingLeft(room: SubmissionRoom): Promise<void> {
  const deadline = Date.now() + 5000;
  while ((await leftInOutbox(room)).length > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await leftInOutbox(room)).toEqual([]);
}

describe('POST /api/v1/messages', () => {
  it('seals for each recipient, records it, and gives the carriers to the relay', async () => {
    const { room, sink } = await open();
    const to = ['Anna@Example.com', 'b@example.com', 'anna@example.com'];
    const response = await post(room, { to });
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
      expect((await opened(room, sunk?.content ?? Buffer.alloc(0), messageId, recipient)).equals(MAIL)).toBe(true);
    }
    expect((await eventTypes(room)).sort()).toEqual(['MessageSealed', 'MessageSealed', 'SubmissionAccepted']);
    expect(await leftInOutbox(room)).toEqual([]);
  });

  it('writes neither address nor content in clear into any event', async () => {
    const { room } = await open({ settings: { recordMailSubject: true } });
    await post(room, { key: 'a-key' });
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
    const { messages } = (await (await post(room)).json()) as Answer;
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
      ).equals(MAIL),
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
      await post(room, { to: ['anna@example.com', 'nobody@example.com'] })
    ).json()) as Answer;
    expect(messages.map(({ delivery }) => delivery)).toEqual(['relayed', 'refused']);
  });

  it('answers one carrier, or several, with deliver=false, and sends nothing', async () => {
    const { room, sink } = await open();
    const one = await post(room, { query: 'from=office@example.org&to=anna@example.com&deliver=false' });
    expect([one.status, one.headers.get('content-type')]).toEqual([201, 'message/rfc822']);
    const carrier = Buffer.from(await one.arrayBuffer());
    const [messageId] = /(?<=Segl-Message: )\w+/.exec(carrier.toString('latin1')) ?? [];
    expect((await opened(room, carrier, messageId as MessageId, 'anna@example.com')).equals(MAIL)).toBe(true);

    const several = await post(room, {
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
      expect((await opened(room, inner, id, recipient)).equals(MAIL)).toBe(true);
    }
    expect(parts[3]).toBe('--\r\n');
    expect(sink.mails).toEqual([]);
    await nothingLeft(room);
  });

  it('does the same request with the same key once: one after the other, at once, and in several processes', async () => {
    const { room, sink } = await open();
    const first = (await (await post(room, { key: 'k1', to: ['anna@example.com', 'b@example.com'] })).json()) as Answer;
    const again = await post(room, { key: 'k1', to: ['b@example.com', 'anna@example.com'] });
    expect(again.status).toBe(201);
    expect(((await again.json()) as Answer).messages).toEqual(first.messages.toReversed());
    const atOnce = await Promise.all(Array.from({ length: 8 }, () => post(room, { key: 'k2' })));
    const answers = await Promise.all(
      atOnce.map(async (response) => ((await response.json()) as Answer).messages[0]?.messageId),
    );
    expect(new Set(answers).size).toBe(1);
    expect(sink.mails).toHaveLength(3);
    expect((await eventTypes(room)).filter((type) => type === 'MessageSealed')).toHaveLength(3);
  });

  it.each<[string, Asked]>([
    ['another mail', { body: Buffer.concat([MAIL, MAIL]) }],
    ['another recipient', { to: ['b@example.com'] }],
    ['one recipient more', { to: ['anna@example.com', 'b@example.com'] }],
    ['another sender', { from: 'other@example.org' }],
    ['another delivery', { query: 'from=office@example.org&to=anna@example.com&deliver=false' }],
  ])('refuses a key that was used for %s', async (_what, other) => {
    const { room, sink } = await open();
    expect((await post(room, { key: 'k' })).status).toBe(201);
    const refused = await post(room, { key: 'k', ...other });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({
      type: 'urn:segl:problem:submission-key-reused',
      parameter: 'Idempotency-Key',
    });
    expect(sink.mails).toHaveLength(1);
  });

  it('keeps the keys of clients apart', async () => {
    const { room } = await open();
    expect((await post(room, { key: 'k' })).status).toBe(201);
    const mail = 'From: one@example.net\r\n\r\nx';
    expect((await post(room, { key: 'k', token: OTHER_TOKEN, from: 'one@example.net', body: mail })).status).toBe(201);
  });

  it('answers a repeated deliver=false with the same carriers, as long as they are kept', async () => {
    const { room } = await open();
    const asked = { key: 'k', query: 'from=office@example.org&to=anna@example.com&deliver=false' };
    const carriers = [];
    for (let time = 0; time < 2; time++) carriers.push(Buffer.from(await (await post(room, asked)).arrayBuffer()));
    expect(carriers[0]?.equals(carriers[1] ?? Buffer.alloc(0))).toBe(true);
    for (const name of await readdir(join(room.outboxDirectory, 'kept'))) {
      await (await import('node:fs/promises')).rm(join(room.outboxDirectory, 'kept', name));
    }
    expect((await post(room, asked)).status).toBe(409);
  });

  it('leaves nothing behind when it cannot be recorded, and does it all when asked again', async () => {
    let failing: 'before' | 'after' | null = 'before';
    const { room, sink } = await open({
      wrapStore: (store) =>
        storeWith(store, async (append, stream) => {
          if (failing === 'before') throw new EventStoreUnavailable('away');
          const appended = await append();
          if (failing === 'after' && stream.startsWith('submission-')) throw new EventStoreUnavailable('lost');
          return appended;
        }),
    });
    const refused = await post(room, { key: 'k' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    expect(await leftInOutbox(room)).toEqual([]);
    expect(sink.mails).toEqual([]);

    failing = 'after'; // accepted, but the answer was lost: the carrier must leave all the same
    expect((await post(room, { key: 'k' })).status).toBe(503);
    while (sink.mails.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    failing = null;
    const again = await post(room, { key: 'k' });
    expect(again.status).toBe(201);
    const { messages } = (await again.json()) as Answer;
    expect(
      (
        await opened(
          room,
          sink.mails[0]?.content ?? Buffer.alloc(0),
          messages[0]?.messageId as MessageId,
          'anna@example.com',
        )
      ).equals(MAIL),
    ).toBe(true);
    expect(sink.mails).toHaveLength(1);
  });

  it('is one submission in two processes that are asked at the same moment', async () => {
    const { room, sink } = await open();
    const parts = [
      room.store,
      room.persons,
      room.keyring,
      room.outbox,
      room.app.get(CommandBus),
      new SystemClock(),
      room.app.get(SubmissionSettings),
    ] as const;
    const handlers = [new SubmitMailHandler(...parts), new SubmitMailHandler(...parts)];
    async function* mail() {
      yield MAIL;
    }
    for (let round = 1; round <= 10; round++) {
      const answers = await Promise.all(
        handlers.map((handler) =>
          handler.execute(
            new SubmitMail({
              client: room.app.get(SubmissionSettings).clients[0] as SealingClient,
              idempotencyKey: `round-${round}`,
              sender: parseMailAddress('office@example.org'),
              recipients: [parseMailAddress('anna@example.com')],
              mail: mail(),
              delivery: 'relay',
            }),
          ),
        ),
      );
      const ids = answers.flatMap((answer) =>
        answer.delivery === 'relay' ? answer.messages.map(({ messageId }) => messageId) : [],
      );
      expect(ids).toHaveLength(2);
      expect(ids[0]).toBe(ids[1]);
      const deadline = Date.now() + 5000;
      while (sink.mails.length < round && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(sink.mails).toHaveLength(10);
    await nothingLeft(room);
  });

  it('does everything once or nothing, whichever call to the store fails, before or after it was done', async () => {
    let failAt = { call: -1, isDone: false };
    const { room, sink } = await open({
      wrapStore: (store) =>
        storeWith(store, async (append) => {
          const isThisOne = failAt.call-- === 0;
          if (isThisOne && !failAt.isDone) throw new EventStoreUnavailable('away');
          const appended = await append();
          if (isThisOne) throw new EventStoreUnavailable('the answer was lost');
          return appended;
        }),
    });
    const to = ['anna@example.com', 'b@example.com'];
    let expected = 0;
    for (const isDone of [false, true]) {
      for (let call = 0; call < 4; call++) {
        failAt = { call, isDone };
        const key = `k-${isDone}-${call}`;
        const first = await post(room, { key, to });
        expect([key, first.status]).toEqual([key, call < 3 ? 503 : 201]);
        failAt = { call: -1, isDone };
        const again = await post(room, { key, to });
        expect([key, again.status]).toEqual([key, 201]);
        expected += 2;
        const deadline = Date.now() + 5000;
        while (sink.mails.length < expected && Date.now() < deadline)
          await new Promise((resolve) => setTimeout(resolve, 10));
        const { messages } = (await again.json()) as Answer;
        const sunk = sink.mails
          .slice(-2)
          .map(({ content }) => /(?<=Segl-Message: )\w+/.exec(content.toString('latin1', 0, 5000))?.[0]);
        expect([key, new Set(sunk)]).toEqual([key, new Set(messages.map(({ messageId }) => messageId))]);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sink.mails).toHaveLength(expected);
    await nothingLeft(room);
  });

  it('sends what was accepted by a process that died before it could, and nothing that was not', async () => {
    const { room, sink } = await open();
    // What a crash leaves: one carrier staged under an accepted submission, one under none.
    const dying = await room.openOutbox();
    const ids = ['a', 'b'].map((letter) => letter.repeat(32) as MessageId);
    for (const [index, messageId] of ids.entries()) {
      const file = await dying.stage({
        messageId,
        submissionId: index === 0 ? 'acceptedone' : 'neveraccepted',
        mailFrom: parseMailAddress('office@example.org'),
        rcptTo: parseMailAddress('anna@example.com'),
      });
      await file.write(Buffer.from(`carrier ${messageId}\r\n`));
      await file.finish();
    }
    await room.store.append('submission-acceptedone' as never, 'NONE', [
      {
        type: 'SubmissionAccepted',
        id: newEventId(),
        data: {
          clientId: 'office',
          requestSha256: '0',
          acceptedAt: '2026-11-22T12:00:00.000Z',
          delivery: 'relay',
          messages: [{ recipientId: 'x', messageId: ids[0] }],
        },
      },
    ]);
    await dying.close();
    while (sink.mails.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sink.mails.map(({ content }) => content.toString())).toEqual([`carrier ${ids[0]}\r\n`]);
  });

  it.each<[string, Asked, number, object]>([
    ['no token', { token: null }, 401, {}],
    ['a wrong token', { token: 'office-tokem' }, 401, {}],
    ['an empty token', { headers: { Authorization: 'Bearer ' }, token: null }, 401, {}],
    ['another scheme', { headers: { Authorization: `Basic ${OFFICE_TOKEN}` }, token: null }, 401, {}],
    ['no sender', { query: 'to=anna@example.com' }, 400, { parameter: 'from' }],
    ['two senders', { query: 'from=a@example.org&from=b@example.org&to=anna@example.com' }, 400, { parameter: 'from' }],
    ['a sender of someone else', { from: 'office@example.com' }, 403, { parameter: 'from' }],
    ['a sender of a subdomain', { from: 'office@sub.example.org' }, 403, { parameter: 'from' }],
    ['a From of someone else', { body: 'From: boss@example.com\r\n\r\nx' }, 403, {}],
    ['a second From of someone else', { body: 'From: office@example.org\r\nFrom: boss@example.com\r\n\r\nx' }, 403, {}],
    ['a From that hides someone else', { body: 'From: office@example.org, "x" <boss@example.com>\r\n\r\nx' }, 403, {}],
    ['no recipient', { query: 'from=office@example.org' }, 400, { parameter: 'to' }],
    [
      'too many recipients',
      { to: Array.from({ length: 101 }, (_, index) => `r${index}@example.com`) },
      400,
      { parameter: 'to' },
    ],
    [
      'a list as a recipient',
      { to: ['a@example.com, b@example.com'] },
      400,
      { parameter: 'to', position: 1, refusal: 'control-or-space' },
    ],
    [
      'a quoted recipient',
      { to: ['a@example.com', '"b"@example.com'] },
      400,
      { parameter: 'to', position: 2, refusal: 'quoted-or-comment' },
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
    ['a key with spaces', { key: 'a b' }, 400, { parameter: 'Idempotency-Key' }],
    ['a long key', { key: 'k'.repeat(256) }, 400, { parameter: 'Idempotency-Key' }],
    ['another media type', { headers: { 'Content-Type': 'text/plain' } }, 415, {}],
    ['a compressed body', { headers: { 'Content-Encoding': 'gzip' } }, 415, {}],
    ['a body over the limit', { body: Buffer.alloc(2_000_001) }, 413, {}],
  ])('refuses %s', async (_what, asked, status, expected) => {
    const { room, sink } = await open({ settings: { maxMailBytes: 2_000_000 } });
    const response = await post(room, asked);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
    ]);
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ status, ...expected });
    expect(String(problem.detail)).not.toMatch(/example|\/work|\.ts/);
    if (status === 401) expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(sink.mails).toEqual([]);
    expect(await eventTypes(room)).toEqual([]);
    expect(await leftInOutbox(room)).toEqual([]);
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
      asking.write(MAIL);
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
      asking.write(MAIL);
      asking.write(Buffer.alloc(500_000));
      setTimeout(() => asking.destroy(), 100);
    });
    await nothingLeft(room);
    expect(await eventTypes(room)).toEqual([]);
  });

  it('takes no more submissions at once than it may', async () => {
    const { room } = await open({ settings: { submissionsAtOnce: 1 } });
    const answers = await Promise.all([post(room), post(room), post(room)]);
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(201);
    expect(statuses.every((status) => status === 201 || status === 503)).toBe(true);
  });

  it('seals every shape of mail byte for byte, in a carrier that is no larger than it may be', async () => {
    const senders = ['@example.org', ...mailShapes().flatMap(({ bytes }) => authorsOf(bytes))];
    const tokenSha256 = createHash('sha256').update(OFFICE_TOKEN).digest('hex');
    const { room, sink } = await open({ settings: { clients: [{ clientId: 'office', tokenSha256, senders }] } });
    const shapes: [string, Buffer][] = [
      ...mailShapes().map(({ name, bytes }): [string, Buffer] => [name, bytes]),
      ['nothing at all', Buffer.alloc(0)],
      ['a header alone', Buffer.from('Subject: x\r\n\r\n')],
      ['bare line feeds', Buffer.from('Subject: x\n\na\nb\n.\n')],
      ['lone carriage returns', Buffer.from('Subject: x\r\ra\rb')],
      ['NUL and 8-bit', Buffer.from([0, 255, 254, 13, 10, 0])],
      ['one line of a megabyte', Buffer.alloc(1024 * 1024, 'x')],
      ['25 MiB', Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), randomBytes(25 * 1024 * 1024 - 14)])],
    ];
    expect(shapes.length).toBeGreaterThanOrEqual(47);
    for (const [name, mail] of shapes) {
      const response = await post(room, { body: mail });
      expect([name, response.status]).toEqual([name, 201]);
      const { messages } = (await response.json()) as Answer;
      const carrier = sink.mails.at(-1)?.content ?? Buffer.alloc(0);
      expect([
        name,
        (await opened(room, carrier, messages[0]?.messageId as MessageId, 'anna@example.com')).equals(mail),
      ]).toEqual([name, true]);
      expect(carrier.length).toBeLessThanOrEqual(1.34 * mail.length + 16 * 1024);
      const { attachments } = await simpleParser(carrier.length > 2_000_000 ? carrier.subarray(0, 20_000) : carrier);
      expect([name, attachments.map(({ filename }) => filename)]).toEqual([name, ['message.html']]);
    }
  }, 120_000);
});

describe('the document of the API', () => {
  it('is served, and names this portal', async () => {
    const { room } = await open();
    const response = await fetch(`${room.url}/api/v1/openapi.json`);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toMatchObject({ openapi: '3.1.0', servers: [{ url: 'https://mail.example.org' }] });
  });

  it('tells of every route, and of no other', async () => {
    const { room } = await open();
    const { stack } = room.app.getHttpAdapter().getInstance().router as {
      stack: { route?: { path: string; methods: Record<string, boolean> } }[];
    };
    const routes = stack.flatMap(({ route }) =>
      route ? Object.keys(route.methods).map((method) => `${method} ${route.path}`) : [],
    );
    const told = Object.entries(openApi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(routes.sort()).toEqual(told.sort());
  });

  it('tells of every status and every field that there is', () => {
    const { responses } = openApi.paths['/api/v1/messages']?.post ?? { responses: {} };
    expect(Object.keys(responses).sort()).toEqual([
      '201',
      '400',
      '401',
      '403',
      '409',
      '411',
      '413',
      '415',
      '422',
      '503',
    ]);
    expect(Object.keys(openApi.components.schemas.Problem?.properties ?? {})).toEqual([
      'type',
      'title',
      'status',
      'detail',
      'parameter',
      'position',
      'refusal',
    ]);
    expect(JSON.stringify(openApi.components.schemas.Submitted)).toContain('"enum":["relayed","queued","refused"]');
  });
});
