import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventCatalogue, isAudited } from '#libs/audit';
import { frozenEvents } from '#libs/audit/testing';
import { appendFacts, streamName } from '#libs/event-store';
import { EVENT_STORES } from '#libs/event-store/testing';
import { newEventId } from '#libs/vocabulary';
import { openAuditApiRoom } from '../testing/audit-api-room.ts';
import type { AuditApiRoom } from '../testing/audit-api-room.ts';
import { placeText } from './feed-place.ts';
import type { FeedEvent } from './feed-event.ts';

interface Feed {
  readonly events: FeedEvent[];
  readonly next: string;
  readonly isCaughtUp: boolean;
}
const frozen = frozenEvents();
const given = frozen.filter((event) => isAudited(eventCatalogue.describe(event).evidence));

describe.each(EVENT_STORES)('the feed of the audit API on $store', ({ open }) => {
  let room: AuditApiRoom;
  beforeAll(async () => {
    room = await openAuditApiRoom({ feedsAtOnce: 2 }, open);
    await room.holds(frozen);
  });
  afterAll(() => room.close());
  const feed = (query: Record<string, string | number> = {}) =>
    room.get(
      `feed?${Object.entries(query)
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
        .join('&')}`,
      'siem-token',
    );
  const read = async (query: Record<string, string | number> = {}) => (await (await feed(query)).json()) as Feed;
  const happens = () =>
    appendFacts(room.store, streamName('message', frozen[0]?.stream.slice('message-'.length) ?? ''), [
      { type: 'MessageRevoked', data: { revokedAt: '2026-11-30T12:00:00.000Z', revokedBy: 'office' } },
    ]);
  const end = async () => {
    let { next, isCaughtUp } = await read({ limit: 1000 });
    while (!isCaughtUp) ({ next, isCaughtUp } = await read({ limit: 1000, after: next }));
    return next;
  };

  it('gives every event once, in the order of the record, from wherever one stopped', async () => {
    const seen: FeedEvent[] = [];
    for (let after: string | undefined; ;) {
      const { events, next, isCaughtUp } = await read({ limit: 7, ...(after !== undefined && { after }) });
      expect(events.length).toBeLessThanOrEqual(7);
      seen.push(...events);
      if (isCaughtUp) break;
      after = next;
    }
    expect(seen.slice(0, given.length).map(({ eventId }) => eventId)).toEqual(given.map(({ id }) => id));
    const again = await read({ after: seen[4]?.after ?? '', limit: 3 }); // from any event that was kept
    expect(again.events.map(({ eventId }) => eventId)).toEqual(given.slice(5, 8).map(({ id }) => id));
  });

  it('waits for what is to come, and no longer than it was asked to', async () => {
    const after = await end();
    const waiting = read({ after, wait: 30 });
    const beganAt = performance.now();
    await happens();
    expect((await waiting).events.map(({ type }) => type)).toEqual(['MessageRevoked']);
    expect(performance.now() - beganAt).toBeLessThan(20_000);
    expect(await read({ after: await end(), wait: 1 })).toMatchObject({ events: [], isCaughtUp: true });
  });

  it('is no endless work: following makes one event in an hour, not one for each answer', async () => {
    await end();
    const before = (await room.auditing()).length;
    const after = await end();
    for (let n = 0; n < 5; n++) await read({ after });
    const made = (await room.auditing()).slice(before);
    expect(made.map(({ data }) => 'form' in data && data.form)).toEqual(['feed']); // end() began at the beginning, once
  });

  it('gives OCSF and CEF', async () => {
    const ocsf = (await (await feed({ form: 'ocsf', limit: 3 })).json()) as { events: { metadata: { uid: string } }[] };
    expect(ocsf.events.map(({ metadata }) => metadata.uid)).toEqual(given.slice(0, 3).map(({ id }) => id));
    const cef = await feed({ form: 'cef', limit: 3 });
    expect(cef.headers.get('content-type')).toContain('text/plain');
    const lines = (await cef.text()).trimEnd().split('\n');
    expect(lines.map((line) => line.startsWith('CEF:0|Segl|Segl|1.2.3|'))).toEqual([true, true, true]);
    const next = await read({ after: cef.headers.get('segl-next') ?? '', limit: 1 });
    expect(next.events[0]?.eventId).toBe(given[3]?.id);
  });

  it('refuses a place that it never gave, and one where another event stands since a restore', async () => {
    const { next } = await read({ limit: 1 });
    for (const after of ['17', `${next}x`, next.replace('f1.', 'f2.'), next.slice(0, -1)]) {
      const answer = await feed({ after });
      expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ field: 'after' })]);
    }
    const other = placeText({ position: frozen[0]?.position as never, eventId: newEventId() });
    const answer = await feed({ after: other });
    expect([answer.status, await answer.json()]).toEqual([409, expect.objectContaining({ field: 'after' })]);
  });

  it.each([
    ['limit', { limit: 1001 }],
    ['limit', { limit: 0 }],
    ['wait', { wait: 61 }],
    ['form', { form: 'xml' }],
    ['since', { since: 'ever' }],
  ])('names the field that is wrong: %s', async (field, query) => {
    const answer = await feed(query as Record<string, string | number>);
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ field })]);
  });

  it('says that it is busy when more wait than may', async () => {
    const after = await end();
    const waiting = [feed({ after, wait: 60 }), feed({ after, wait: 60 })];
    let busy: Response;
    do busy = await feed({ after, wait: 1 });
    while (busy.status === 200); // until both have come in
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '30']);
    await happens();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('gives an event that a later release recorded by its header alone', async () => {
    const after = await end();
    await appendFacts(room.store, streamName('message', 'later'), [{ type: 'MessageForgotten', data: { secret: 1 } }]);
    expect((await read({ after })).events).toMatchObject([{ type: 'MessageForgotten', isDescribed: false, data: {} }]);
  });
});
