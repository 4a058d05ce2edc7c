import { afterEach, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Webhook } from 'standardwebhooks';
import { EventStoreUnavailable } from '#libs/event-store';
import { EVENT_STORES } from '#libs/event-store/testing';
import { sealingApi } from '#libs/gateway';
import { PAUSES_SECONDS } from './retry-schedule.ts';
import { readWebhookSecrets } from './signature.ts';
import { messagesOf, noon, submissionId, until } from './testing/messages-of-tests.ts';
import { cleanUp, eventsOf, openRoom, receiver, SECRET, to } from './testing/room-of-tests.ts';
import { SETTLES_AFTER_SECONDS } from './webhook.ts';
import { switchOffWebhooks } from './webhooks.ts';

afterEach(cleanUp);

const typesIn = ({ received }: { received: readonly { body: string }[] }) =>
  received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
type Said = { readonly type: string };
/** By the schema that the OpenAPI document names for that webhook. */
function isDescribed(ajv: Ajv2020, body: Said): boolean {
  const { $ref } = (sealingApi.webhooks[body.type] as DescribedWebhook).post.requestBody.content['application/json']
    .schema;
  return ajv.getSchema(`api${$ref}`)?.(body) === true;
}
interface DescribedWebhook {
  readonly post: {
    readonly requestBody: { readonly content: { 'application/json': { readonly schema: { readonly $ref: string } } } };
  };
}

describe.each(EVENT_STORES)('what becomes of a program’s messages, on $store', ({ open }) => {
  it('is sent to it, signed as Standard Webhooks have it: ids and times, and nothing of anybody', async () => {
    const room = await openRoom(open);
    const there = await receiver();
    await room.start([to(there.url, { includesViews: true })]);
    const messages = messagesOf(room.store, 'office');
    const messageId = await messages.accepted();
    for (const happens of ['relayed', 'bounced', 'viewed', 'viewed', 'revoked'] as const)
      await messages[happens](messageId);
    const other = await messages.accepted();
    await messages.refused(other);
    const atOnce = await messages.accepted('at-once');
    await until(() => there.received.length >= 6);

    const webhook = new Webhook(SECRET);
    const bodies = there.received.map(({ body, headers }) => webhook.verify(body, { ...headers }));
    const about = (id: string, facts: object) => ({ messageId: id, submissionId, ...facts });
    expect(bodies.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual(
      [
        { type: 'message.relayed', timestamp: noon, data: about(messageId, { relayedAt: noon }) },
        {
          type: 'message.bounced',
          timestamp: noon,
          data: about(messageId, { reason: 'mailbox-full', status: '5.2.2', bouncedAt: noon }),
        },
        { type: 'message.viewed', timestamp: noon, data: about(messageId, { firstViewedAt: noon }) },
        { type: 'message.revoked', timestamp: noon, data: about(messageId, { revokedAt: noon }) },
        {
          type: 'message.refused',
          timestamp: noon,
          data: about(other, { reason: 'refused', status: '5.1.1', refusedAt: noon }),
        },
        { type: 'message.relayed', timestamp: noon, data: about(atOnce, { relayedAt: noon }) },
      ].toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
    );
    const ajv = new Ajv2020({ strict: false, validateFormats: false, schemas: [{ $id: 'api', ...sealingApi }] });
    for (const body of bodies) expect([body, isDescribed(ajv, body as Said)]).toEqual([body, true]);
    expect(new Set(typesIn(there))).toEqual(new Set(Object.keys(sealingApi.webhooks)));
    expect(JSON.stringify(there.received)).not.toMatch(/@|anna|mistake|officer/);
    expect(new Set(there.ids()).size).toBe(6);
  });

  it('is not sent of other programs, of views unless asked, of what was before, nor after it was switched off', async () => {
    const room = await openRoom(open);
    const there = await receiver();
    const messages = messagesOf(room.store, 'office');
    const before = await messages.accepted();
    await messages.relayed(before);
    const { close } = await room.start([to(there.url)]);
    const others = messagesOf(room.store, 'archive');
    await others.relayed(await others.accepted());
    await messages.viewed(before);
    await messages.revoked(before);
    await until(() => there.received.length > 0);
    await close();
    room.clock.laterSeconds = SETTLES_AFTER_SECONDS;
    await switchOffWebhooks(room.store, room.clock, ['office']);
    await messages.relayed(await messages.accepted());
    await room.start([to(there.url)]);
    await messages.relayed(await messages.accepted());
    await until(() => there.received.length > 1);
    expect(typesIn(there)).toEqual(['message.revoked', 'message.relayed']);
  });

  it('is tried again, with the same id and the same bytes, until it is taken', async () => {
    const room = await openRoom(open);
    const there = await receiver();
    there.answers(() => 500);
    await room.start([to(there.url)]);
    const messages = messagesOf(room.store, 'office');
    await messages.relayed(await messages.accepted());
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === 1);
    there.answers(() => 302); // followed nowhere
    room.clock.laterSeconds = 6;
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === 2);
    there.answers(() => 200);
    room.clock.laterSeconds = 280;
    await new Promise((resume) => setTimeout(resume, 100));
    expect(there.received).toHaveLength(2); // five minutes have not passed
    room.clock.laterSeconds = 400;
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === 3);
    expect(
      room.notices.map(({ outcome, attempts, cause }) => [outcome, attempts, cause?.replace(/^\S+ /, '')]),
    ).toEqual([
      ['deferred', 1, 'answered with status 500'],
      ['deferred', 2, 'answered with a redirect'],
      ['delivered', 3, undefined],
    ]);
    expect(new Set(there.ids()).size).toBe(1);
    expect(new Set(there.received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(there.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBeGreaterThan(1);
  });

  it('is tried again though the clock is set back by a day meanwhile', async () => {
    const room = await openRoom();
    const there = await receiver();
    there.answers(() => 500);
    await room.start([to(there.url)], { lookAheadMs: 50 });
    const messages = messagesOf(room.store, 'office');
    await messages.relayed(await messages.accepted());
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === 1);
    there.answers(() => 200);
    room.clock.laterSeconds = -86_400;
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === 2);
    expect(room.notices.at(-1)).toMatchObject({ outcome: 'delivered', attempts: 2 });
  });

  it('is given up after ten tries, and that stands in the record', async () => {
    const room = await openRoom(open);
    const there = await receiver();
    there.answers(() => 503);
    await room.start([to(there.url)]);
    const messages = messagesOf(room.store, 'office');
    const messageId = await messages.accepted();
    await messages.relayed(messageId);
    for (const [index, pauseSeconds] of PAUSES_SECONDS.entries()) {
      await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === index + 1);
      room.clock.laterSeconds += pauseSeconds * 1.1 + 1;
    }
    await until(async () => (await eventsOf(room.store, 'WebhookGivenUp')).length === 1);
    const [givenUp] = await eventsOf(room.store, 'WebhookGivenUp');
    expect(there.received).toHaveLength(10);
    expect(givenUp?.data).toMatchObject({ messageId, attempts: 10, reason: 'tries-used-up' });
  }, 60_000);

  it('goes on where a gateway stopped, also on another disk, and sends nothing twice', async () => {
    const room = await openRoom(open);
    const there = await receiver();
    const messages = messagesOf(room.store, 'office');
    const { close } = await room.start([to(there.url)]);
    await messages.relayed(await messages.accepted());
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === 1);
    there.answers(() => 500);
    await messages.relayed(await messages.accepted());
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === 2);
    await close();
    there.answers(() => 200);
    room.clock.laterSeconds = 6; // past the first pause
    await room.start([to(there.url)]);
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === 3);
    expect(there.received).toHaveLength(3);
    expect(new Set(there.ids()).size).toBe(2);
  });

  it('is sent once by several gateways on one record', async () => {
    const room = await openRoom(open);
    const there = await receiver();
    await room.start([to(there.url)]);
    await room.start([to(there.url)]);
    const messages = messagesOf(room.store, 'office');
    for (let n = 0; n < 40; n++) await messages.relayed(await messages.accepted());
    await until(() => new Set(there.ids()).size === 40);
    await new Promise((resume) => setTimeout(resume, 300));
    expect(there.received).toHaveLength(40);
    const takers = (await eventsOf(room.store, 'WebhookTurnTaken')).map(({ data }) => data);
    expect(takers).toHaveLength(1);
  });

  it('is sent again, under the same id, where its record was lost: at least once', async () => {
    const room = await openRoom(open);
    const there = await receiver();
    let isAway = true;
    const failing = new Proxy(room.store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const [, , events] = args as [unknown, unknown, { type: string }[] | undefined];
          const isRecord = name === 'append' && events?.[0]?.type === 'WebhooksTried';
          if (isAway && isRecord) return Promise.reject(new EventStoreUnavailable('away'));
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
    const faults: unknown[] = [];
    await room.start([to(there.url)], { store: failing, faults });
    const messages = messagesOf(room.store, 'office');
    await messages.relayed(await messages.accepted());
    await until(() => faults.length > 0);
    isAway = false;
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === 1);
    expect([there.received.length, new Set(there.ids()).size]).toEqual([2, 1]);
  }, 60_000);

  it('stops at 410 Gone, over starts, until another address is configured', async () => {
    const room = await openRoom(open);
    const there = await receiver();
    there.answers(() => 410);
    const { started, close } = await room.start([to(there.url)]);
    const messages = messagesOf(room.store, 'office');
    await messages.relayed(await messages.accepted());
    await until(() => started.troubles().length > 0);
    expect(started.troubles()).toEqual(['office: its receiver answered 410 Gone, and gets nothing more']);
    expect(room.notices).toMatchObject([{ outcome: 'gone' }]);
    await close();
    there.answers(() => 200);
    const again = await room.start([to(there.url)]);
    await messages.relayed(await messages.accepted());
    await again.close();
    const elsewhere = new URL('/new', there.url);
    await room.start([to(elsewhere)]);
    await messages.relayed(await messages.accepted());
    await until(() => there.received.length === 2);
    expect(await eventsOf(room.store, 'WebhookSwitchedOff')).toHaveLength(1);
  });

  it('reaches one program while the receiver of another is down, and says what waits', async () => {
    const room = await openRoom(open);
    const [up, down] = [await receiver(), await receiver()];
    await down.close();
    const { started } = await room.start([to(down.url), to(up.url, { clientId: 'archive' })]);
    for (const clientId of ['office', 'archive']) {
      const messages = messagesOf(room.store, clientId);
      for (let n = 0; n < 5; n++) await messages.relayed(await messages.accepted());
    }
    await until(() => up.received.length === 5);
    await until(() => started.counts().waiting === 5);
    expect(started.troubles()).toEqual([]);
    room.clock.laterSeconds = 2 * 3600;
    expect(started.troubles()).toEqual([
      expect.stringMatching(/^office: 5 messages wait, the oldest for 120 minutes$/),
    ]);
    expect(started.counts().oldestSeconds).toBeGreaterThan(7000);
    room.goOn(6 * 86_400);
    await until(async () => (await eventsOf(room.store, 'WebhookGivenUp')).length === 5);
    await until(() => started.counts().waiting === 0);
    expect(started.counts()).toEqual({ waiting: 0, oldestSeconds: 0 });
  }, 60_000);

  it('is not given up for a clock that was set forward by a week while its receiver is down', async () => {
    const room = await openRoom(open);
    const down = await receiver();
    down.answers(() => 503);
    const { started } = await room.start([to(down.url)], { lookAheadMs: 50 });
    const messages = messagesOf(room.store, 'office');
    for (let n = 0; n < 3; n++) await messages.relayed(await messages.accepted());
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length >= 1);
    const triedBefore = down.received.length;
    room.clock.laterSeconds = 7 * 86_400;
    const givenUp = () => eventsOf(room.store, 'WebhookGivenUp');
    // A round that fails gives up what is too old, before the next one begins.
    await until(async () => down.received.length >= triedBefore + 2 || (await givenUp()).length > 0);
    expect(await givenUp()).toEqual([]);
    room.clock.laterSeconds = 0;
    down.answers(() => 200);
    await until(() => started.counts().waiting === 0);
    expect(new Set(down.ids()).size).toBe(3);
    expect(await givenUp()).toEqual([]);
  }, 60_000);

  it('goes to no address inside, unless it is listed', async () => {
    const room = await openRoom(open);
    const there = await receiver();
    const inside = new URL(there.url);
    inside.protocol = 'https:';
    await room.start([to(inside, { privateAddresses: [] })]);
    const messages = messagesOf(room.store, 'office');
    await messages.relayed(await messages.accepted());
    await until(() => room.notices.length > 0);
    expect(room.notices[0]).toMatchObject({
      outcome: 'deferred',
      cause: expect.stringContaining('not a listed address'),
    });
    expect(there.received).toEqual([]);
  });

  it('is signed by the secrets of now: they may change while it runs', async () => {
    const room = await openRoom(open);
    const there = await receiver();
    const next = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    let written = SECRET;
    await room.start([to(there.url, { secrets: () => readWebhookSecrets(written) })]);
    const messages = messagesOf(room.store, 'office');
    for (const [secrets, verifiers] of [
      [SECRET, [SECRET]],
      [`${next}\n${SECRET}`, [next, SECRET]],
      ['', [next, SECRET]], // half written: as they last were
      [next, [next]],
    ] as const) {
      written = secrets;
      const seen = there.received.length;
      await messages.relayed(await messages.accepted());
      await until(() => there.received.length > seen);
      const { headers = {}, body = '' } = there.received.at(-1) ?? {};
      for (const secret of verifiers) new Webhook(secret).verify(body, { ...headers });
      expect(headers['webhook-signature']?.split(' ')).toHaveLength(verifiers.length);
    }
  });
});
