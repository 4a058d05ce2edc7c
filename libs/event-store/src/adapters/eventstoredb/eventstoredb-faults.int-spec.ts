import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { appendMany, newStream, noted, readAllOf, textsOf } from '../../testing/contract/noted.ts';
import { EventStoreDbDouble, FaultyWire } from '../../testing/index.ts';
import type { AppendMischief } from '../../testing/index.ts';
import { Follower } from '../../testing/under-fire/writers.ts';
import { EventStoreDbEventStore } from './eventstoredb-event-store.ts';
import type { EventStoreDbOptions } from './eventstoredb-event-store.ts';

/** Short limits where one is to be met, generous ones elsewhere: the machine may be slow. */
const SHORT = { appendMs: 400, readMs: 400, silenceMs: 200 };
const UNAVAILABLE = { code: 'event-store-unavailable' };
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startDouble(...options: Parameters<typeof EventStoreDbDouble.start>): Promise<EventStoreDbDouble> {
  const double = await EventStoreDbDouble.start(...options);
  cleanUps.push(() => double.stop());
  return double;
}

async function startWire(target: number): Promise<FaultyWire> {
  const wire = await FaultyWire.to(target);
  cleanUps.push(() => wire.close());
  return wire;
}

async function open(where: number | string, options?: EventStoreDbOptions): Promise<EventStoreDbEventStore> {
  const url = typeof where === 'number' ? `esdb://127.0.0.1:${where}?tls=false` : where;
  const store = await EventStoreDbEventStore.open(url, options);
  cleanUps.push(() => store.close());
  return store;
}

async function until(isSo: () => boolean): Promise<void> {
  for (const giveUpAt = Date.now() + 20_000; !isSo(); await new Promise((resume) => setTimeout(resume, 10))) {
    if (Date.now() > giveUpAt) throw new Error('it did not come to that');
  }
}

describe('a server within a network whose way out is a proxy', () => {
  it.each(['https_proxy', 'http_proxy'])('is dialled itself, whatever %s says', async (variable) => {
    const double = await startDouble();
    const proxy = await startWire(double.port);
    const { [variable]: before, no_grpc_proxy: exceptions } = process.env;
    process.env[variable] = `http://127.0.0.1:${proxy.port}`;
    cleanUps.push(() => {
      for (const [name, value] of Object.entries({ [variable]: before, no_grpc_proxy: exceptions })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    });
    const store = await open(double.port);
    expect(await store.append(newStream(), 'NONE', [noted('a')])).toMatchObject({ revision: 0 });
    expect(proxy.connections).toBe(0);
  });
});

describe('an append whose outcome is unknown', () => {
  it.each<[string, AppendMischief]>([
    ['is written and never answered', { kind: 'write-and-be-silent' }],
    ['is neither written nor answered', { kind: 'be-silent' }],
    ['is answered twice', { kind: 'answer-twice' }],
    ['meets a server that is not ready', { kind: 'fail', code: status.UNAVAILABLE, words: 'Server Is Not Ready' }],
    ['meets a commit that takes too long', { kind: 'fail', code: status.ABORTED, words: 'Commit phase timeout' }],
    ['is cancelled by a server that stops', { kind: 'fail', code: status.CANCELLED, words: 'stopping' }],
    ['ends in something unheard of', { kind: 'fail', code: status.DATA_LOSS, words: 'unheard of' }],
  ])('is repeated and stored once when it %s', async (_, mischief) => {
    const double = await startDouble();
    const store = await open(double.port, SHORT);
    const stream = newStream();
    double.mischief.push(mischief);
    expect(await store.append(stream, 'NONE', [noted('a'), noted('b')])).toMatchObject({ revision: 1 });
    expect(double.appendsSeen).toBeGreaterThan(1);
    expect(textsOf(await readAllOf(store.readStream(stream)))).toEqual(['a', 'b']);
  });

  it('is not moved by an answer that comes late, when the stream has gone on', async () => {
    const double = await startDouble();
    const store = await open(double.port, SHORT);
    const stream = newStream();
    let answer: (nothing?: unknown) => void = () => undefined;
    double.mischief.push({ kind: 'answer-late', until: new Promise((resolve) => (answer = resolve)) });
    const first = await store.append(stream, 'NONE', [noted('a')]);
    expect(await store.append(stream, 0, [noted('b')])).toMatchObject({ revision: 1 });
    answer();
    expect(first).toMatchObject({ revision: 0 });
    expect(await store.append(stream, 1, [noted('c')])).toMatchObject({ revision: 2 });
    expect(textsOf(await readAllOf(store.readStream(stream)))).toEqual(['a', 'b', 'c']);
  });

  it('is the writer’s own also when another wrote behind it meanwhile', async () => {
    const double = await startDouble();
    const store = await open(double.port, SHORT);
    const another = await open(double.port);
    const stream = newStream();
    double.mischief.push({ kind: 'write-and-be-silent' });
    const appended = store.append(stream, 'NONE', [noted('a')]);
    await until(() => double.log.stream(stream).length === 1);
    await another.append(stream, 0, [noted('b')]);
    expect(await appended).toMatchObject({ revision: 0 });
  });

  it('ends as unavailable when no attempt comes through, and comes through later', async () => {
    const double = await startDouble();
    const wire = await startWire(double.port);
    const store = await open(wire.port, { ...SHORT, totalMs: 1000 });
    const stream = newStream();
    const events = [noted('a')];
    wire.hang();
    await expect(store.append(stream, 'NONE', events)).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.checkWritable()).rejects.toMatchObject(UNAVAILABLE);
    expect(wire.connections).toBeGreaterThan(1); // a fresh client for each attempt, not the same dead connection
    wire.resume();
    expect(await store.append(stream, 'NONE', events)).toMatchObject({ revision: 0 });
    expect(await readAllOf(store.readStream(stream))).toHaveLength(1);
  });

  it('survives connections that are cut again and again', async () => {
    const double = await startDouble();
    const wire = await startWire(double.port);
    const store = await open(wire.port);
    const stream = newStream();
    for (let n = 0; n < 20; n++) {
      const appended = store.append(stream, n === 0 ? 'NONE' : n - 1, [noted(`${n}`)]);
      await until(() => double.appendsSeen > n); // on its way, answered or not
      wire.drop();
      await appended;
    }
    expect(textsOf(await readAllOf(store.readStream(stream)))).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`));
  });
});

describe('the server that is not there', () => {
  it('does not keep a process from starting, and is used once it comes', async () => {
    const gone = await startDouble();
    await gone.stop();
    const notices: string[] = [];
    const store = await open(gone.port, { totalMs: 300, onNotice: ({ kind }) => notices.push(kind) });
    await expect(store.checkWritable()).rejects.toMatchObject(UNAVAILABLE);
    await expect(readAllOf(store.readAll())).rejects.toMatchObject(UNAVAILABLE);
    await expect(readAllOf(store.subscribe({ signal: new AbortController().signal }))).rejects.toMatchObject(
      UNAVAILABLE,
    );
    const double = await startDouble({}, gone.port);
    await store.append(newStream(), 'NONE', [noted('a')]);
    expect(double.log.all.some(({ type }) => type === 'Noted')).toBe(true);
    expect(notices).toEqual(['lost', 'found']); // once each, however many attempts there were
  });

  it('does not hold up who closes: neither frozen nor with something under way', async () => {
    const double = await startDouble();
    const wire = await startWire(double.port);
    const store = await open(wire.port);
    await store.append(newStream(), 'NONE', [noted('a')]);
    wire.hang();
    const under = [
      store.append(newStream(), 'NONE', [noted('b')]),
      readAllOf(store.readAll()),
      readAllOf(store.subscribe({ signal: new AbortController().signal })),
    ].map((call) => expect(call).rejects.toMatchObject(UNAVAILABLE));
    const ended = Promise.all([...under, store.close()]).then(() => 'ended');
    const limit = new Promise((resolve) => setTimeout(resolve, 5000, 'still waiting')); // 0.5 s on a machine that is free
    expect(await Promise.race([ended, limit])).toBe('ended');
  });
});

describe('a cluster', () => {
  it('is followed to another leader, whatever the old one says', async () => {
    let leading = 0;
    const doubles: EventStoreDbDouble[] = [];
    const members = () => doubles.map(({ port }, index) => ({ port, isLeader: index === leading }));
    const first = await startDouble({ members });
    doubles.push(first, await startDouble({ members, log: first.log }), await startDouble({ members, log: first.log }));
    const store = await open(`esdb://${doubles.map(({ port }) => `127.0.0.1:${port}`).join(',')}?tls=false`);
    const stream = newStream();
    await store.append(stream, 'NONE', [noted('a')]);
    expect(doubles.map(({ appendsSeen }) => appendsSeen)).toEqual([1, 0, 0]);
    leading = 1;
    first.mischief.push({ kind: 'not-leader', leader: { host: '127.0.0.1', port: doubles[1]?.port ?? 0 } });
    expect(await store.append(stream, 0, [noted('b')])).toMatchObject({ revision: 1 });
    expect(doubles.map(({ appendsSeen }) => appendsSeen)).toEqual([2, 1, 0]);
    leading = 2;
    await doubles[1]?.stop();
    expect(await store.append(stream, 1, [noted('c')])).toMatchObject({ revision: 2 });
    expect(doubles[2]?.appendsSeen).toBe(1);
  });

  it('does not send anyone to a frozen node that the others still call their leader', async () => {
    let leading: () => number = () => 0;
    const doubles: EventStoreDbDouble[] = [];
    const members = () => [
      { port: wire.port, isLeader: leading() === wire.port },
      ...doubles.slice(1).map(({ port }) => ({ port, isLeader: leading() === port })),
    ];
    doubles.push(await startDouble({ members }));
    const wire = await startWire(doubles[0]?.port ?? 0);
    doubles.push(await startDouble({ members, log: (doubles[0] as EventStoreDbDouble).log }));
    leading = () => wire.port;
    const store = await open(`esdb://127.0.0.1:${wire.port},127.0.0.1:${doubles[1]?.port}?tls=false`, SHORT);
    const stream = newStream();
    await store.append(stream, 'NONE', [noted('a')]);
    wire.hang();
    const appended = store.append(stream, 0, [noted('b')]);
    await until(() => wire.connections > 2);
    leading = () => doubles[1]?.port ?? 0;
    expect(await appended).toMatchObject({ revision: 1 });
    expect(doubles[1]?.appendsSeen).toBe(1);
  });

  it('that has no leader is waited for, then unavailable', async () => {
    const double = await startDouble({ members: () => [{ port: double.port, isLeader: false }] });
    const store = await open(`esdb+discover://127.0.0.1:${double.port}?tls=false`, { totalMs: 300 });
    await expect(store.checkWritable()).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: expect.stringMatching(/no leader/),
    });
  });
});

describe('reading', () => {
  it('goes on where it was when the connection is cut, without gap or doubling', async () => {
    const double = await startDouble();
    const wire = await startWire(double.port);
    const store = await open(wire.port);
    const stream = newStream();
    await appendMany(store, stream, 'NONE', 700);
    const wanted = Array.from({ length: 700 }, (_, revision) => revision);
    for (const events of [store.readStream(stream), store.readAll()]) {
      const seen: number[] = [];
      for await (const { revision } of events) {
        seen.push(revision);
        if (seen.length % 200 === 0) wire.drop();
      }
      expect(seen).toEqual(wanted);
    }
  });

  it('leaves nothing open on the server, wherever it is left', async () => {
    const double = await startDouble();
    const store = await open(double.port);
    const stream = newStream();
    await appendMany(store, stream, 'NONE', 600);
    for await (const { revision } of store.readStream(stream)) if (revision === 3) break;
    for await (const { revision } of store.readAll()) if (revision === 3) break;
    for await (const { kind } of store.subscribe({ signal: new AbortController().signal })) if (kind === 'event') break;
    await until(() => double.openReads.size === 0);
  });

  it('has a limit of its own', async () => {
    const double = await startDouble();
    const store = await open(double.port, { ...SHORT, totalMs: 500 });
    double.areReadsSilent = true;
    await expect(readAllOf(store.readStream(newStream()))).rejects.toMatchObject(UNAVAILABLE);
    double.areReadsSilent = false;
    expect(await readAllOf(store.readStream(newStream()))).toEqual([]);
  });

  it.each([
    ['another program wrote', 'other-1', 'application/json', '{"a":1}', /Segl did not write/],
    ['is no record', 'other-1', 'application/octet-stream', 'x', /damaged/],
    [
      'belongs elsewhere',
      'other-1',
      'application/octet-stream',
      '{"data":{},"id":"6f1c0f3e-4d0b-4c52-9f0e-0d5f1c1f7a10","revision":0,"stream":"other-2","type":"T"}',
      /belongs elsewhere/,
    ],
  ])('refuses an event of ours that %s, and passes over the same of another program', async (_, ...planted) => {
    const [stream, contentType, text, reason] = planted;
    const double = await startDouble();
    const store = await open(double.port, { isOurs: (name, type) => name.startsWith('other-') && type === 'T' });
    const ours = await store.append(newStream(), 'NONE', [noted('a')]);
    const id = '6f1c0f3e-4d0b-4c52-9f0e-0d5f1c1f7a10';
    double.log.plant(stream, { id, type: 'T', contentType, data: Buffer.from(text) });
    const refusal = { ...UNAVAILABLE, message: expect.stringMatching(reason) };
    await expect(readAllOf(store.readAll())).rejects.toMatchObject(refusal);
    await expect(readAllOf(store.subscribe({ signal: AbortSignal.timeout(20_000) }))).rejects.toMatchObject(refusal);

    const notices: string[] = [];
    const shared = await open(double.port, { onNotice: ({ kind }) => notices.push(kind) });
    await shared.append(newStream(), 'NONE', [noted('b')]);
    for (let reading = 0; reading < 2; reading++)
      expect(textsOf(await readAllOf(shared.readAll()))).toEqual(['a', 'b']);
    const following = new AbortController();
    const seen: string[] = [];
    for await (const message of shared.subscribe({ signal: following.signal })) {
      if (message.kind === 'caught-up') following.abort();
      else seen.push(...textsOf([message.event]));
    }
    expect(seen).toEqual(['a', 'b']);
    expect(shared.foreignEvents()).toBe(1);
    expect(notices).toEqual(['found', 'foreign-event']);
    expect(await shared.eventAt(ours.position)).toMatchObject({ data: { text: 'a' } });
  });
});

describe('a subscription', () => {
  it.each<[string, (double: EventStoreDbDouble, wire: FaultyWire) => unknown]>([
    ['is cut', (_, wire) => wire.drop()],
    ['is ended by the server as if all were said', (double) => double.endReads()],
    ['hangs', (_, wire) => wire.hang()],
  ])('ends as unavailable when it %s, and another goes on behind it', async (_, harm) => {
    const double = await startDouble();
    const wire = await startWire(double.port);
    const store = await open(wire.port, { ...SHORT, totalMs: 500 });
    const stream = newStream();
    await appendMany(store, stream, 'NONE', 50);
    const ended = readAllOf(store.subscribe({ signal: new AbortController().signal }));
    const follower = new Follower(store);
    follower.start();
    cleanUps.push(() => follower.stop());
    await until(() => follower.seen.size === 50);
    harm(double, wire);
    await expect(ended).rejects.toMatchObject(UNAVAILABLE);
    wire.resume();
    await appendMany(await open(double.port), stream, 49, 50);
    await until(() => follower.seen.size === 100);
    expect([...follower.seen.values()].every((times) => times === 1)).toBe(true);
  });

  it('that is silent although there are events is noticed', async () => {
    const double = await startDouble();
    const notices: string[] = [];
    const store = await open(double.port, { ...SHORT, onNotice: ({ kind }) => notices.push(kind) });
    await store.append(newStream(), 'NONE', [noted('a')]);
    double.areSubscriptionsSilent = true;
    await expect(readAllOf(store.subscribe({ signal: new AbortController().signal }))).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: expect.stringMatching(/silent/),
    });
    expect(notices).toEqual(['found', 'silent-subscription']); // and the client that appends use was not given up
  });

  it('that has nothing to say is left alone', async () => {
    const double = await startDouble();
    const store = await open(double.port, SHORT);
    const stop = new AbortController();
    const seen: string[] = [];
    const followed = (async () => {
      for await (const { kind } of store.subscribe({ signal: stop.signal })) seen.push(kind);
    })();
    await until(() => seen.includes('caught-up'));
    let looks = 0;
    const looking = setInterval(() => (looks += [...double.openReads].length > 0 ? 1 : 0), 100);
    cleanUps.push(() => clearInterval(looking));
    await until(() => looks > 15); // seven times the silence after which the log is looked at
    stop.abort();
    await followed;
    expect(seen).toEqual(['caught-up']);
  });
});
