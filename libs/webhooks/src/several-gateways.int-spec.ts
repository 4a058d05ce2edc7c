import { afterEach, describe, expect, it } from '@jest/globals';
import type { EventStore } from '#libs/event-store';
import { messagesOf, until } from './testing/messages-of-tests.ts';
import { cleanUp, eventsOf, openRecord, openRoom, receiver, to } from './testing/room-of-tests.ts';
import { SETTLES_AFTER_SECONDS } from './webhook.ts';
import { switchOffWebhooks } from './webhooks.ts';

afterEach(cleanUp);

/** A store of which one method does otherwise. */
function storeWith(store: EventStore, name: keyof EventStore, otherwise: (...args: never[]) => unknown): EventStore {
  return new Proxy(store, {
    get: (target, asked) => {
      if (asked === name) return otherwise;
      const value: unknown = Reflect.get(target, asked);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('of several gateways', () => {
  it('one that stands still, and one that is behind, take no turn from the one that can send', async () => {
    const room = await openRoom();
    const there = await receiver();
    there.answers(() => 500);
    const fillOf = async (file: string, store: EventStore) => {
      const { close } = await room.start([to(there.url)], { file, store });
      const messages = messagesOf(store, 'office');
      await messages.relayed(await messages.accepted());
      await until(async () => (await eventsOf(store, 'WebhooksTried')).length === 1);
      await close();
    };
    await fillOf('of-another-record.sqlite', await openRecord());
    await fillOf('behind.sqlite', room.store);
    const turnsBefore = (await eventsOf(room.store, 'WebhookTurnTaken')).length;
    there.answers(() => 200);
    room.clock.laterSeconds = 6; // what failed is due again, as every gateway knows

    const { started } = await room.start([to(there.url)], { file: 'of-another-record.sqlite' });
    let subscriptions = 0;
    const neverReads = storeWith(room.store, 'subscribe', (options: { signal: AbortSignal }) => {
      subscriptions += 1;
      return nothing(options.signal);
    });
    await room.start([to(there.url)], { file: 'behind.sqlite', store: neverReads });
    await until(() => started.troubles().some((trouble) => trouble.includes('cannot be read from the record')));
    await until(() => subscriptions > 0);
    await new Promise((resume) => setTimeout(resume, 100)); // a few looks at what is due
    expect(await eventsOf(room.store, 'WebhookTurnTaken')).toHaveLength(turnsBefore);

    await room.start([to(there.url)]);
    await until(() => there.received.length === 3);
    expect(await eventsOf(room.store, 'WebhookTurnTaken')).toHaveLength(turnsBefore + 1);
  });

  it('one reads its turn once, and not again for each round', async () => {
    const room = await openRoom();
    const there = await receiver();
    const { close } = await room.start([to(there.url)]);
    await close();
    const messages = messagesOf(room.store, 'office');
    for (let n = 0; n < 65; n++) await messages.relayed(await messages.accepted());
    let reads = 0;
    const counting = storeWith(room.store, 'readStream', (...args: Parameters<EventStore['readStream']>) => {
      if (args[0].startsWith('webhooktries-')) reads += 1;
      return room.store.readStream(...args);
    });
    await room.start([to(there.url)], { store: counting });
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === 4);
    expect([there.received.length, reads]).toEqual([65, 1]);
  });
});

describe('while gateways get new settings one after another', () => {
  it('a 410 of the address before drops nothing of what waits for the next', async () => {
    const room = await openRoom();
    const [before, next] = [await receiver(), await receiver()];
    before.answers(() => 410);
    const { started: old } = await room.start([to(before.url)]);
    const { close } = await room.start([to(next.url)]);
    await close();
    const messages = messagesOf(room.store, 'office');
    await messages.relayed(await messages.accepted());
    await until(() => old.troubles().length > 0);
    expect(old.troubles()).toEqual([
      'office: the url configured here answered 410 Gone, and another is switched on: start again',
    ]);
    const { started } = await room.start([to(next.url)]);
    await until(() => next.received.length === 1); // nor does it wait for the end of the other's turn
    const again = await room.start([to(before.url)]);
    expect(again.started.troubles()).toEqual([expect.stringContaining('another url was switched on within the hour')]);
    await messages.relayed(await messages.accepted());
    await until(() => next.received.length === 2);
    expect(await eventsOf(room.store, 'WebhookSwitchedOff')).toEqual([]);
    expect(started.troubles()).toEqual([]);
  });

  it('one that starts without the webhook that was just added does not switch it off, and one that does later is seen', async () => {
    const room = await openRoom();
    const there = await receiver();
    const { started } = await room.start([to(there.url)]);
    expect(await switchOffWebhooks(room.store, room.clock, ['office', 'archive'])).toEqual(['office']);
    const messages = messagesOf(room.store, 'office');
    await messages.relayed(await messages.accepted());
    await until(async () => (await eventsOf(room.store, 'WebhooksTried')).length === 1);
    await until(() => started.counts().waiting === 0);
    expect([there.received.length, started.troubles()]).toEqual([1, []]);

    room.clock.laterSeconds = SETTLES_AFTER_SECONDS;
    expect(await switchOffWebhooks(room.store, room.clock, ['office'])).toEqual([]);
    await until(() => started.troubles().length > 0);
    expect(started.troubles()).toEqual([
      'office: it is configured here, but a gateway that started without it switched it off: start this one again',
    ]);
  });
});

describe('while a receiver takes nothing for long', () => {
  it('all that is older than five days is given up at once', async () => {
    const room = await openRoom();
    const there = await receiver();
    const { close } = await room.start([to(there.url)]);
    await close();
    const messages = messagesOf(room.store, 'office');
    for (let n = 0; n < 205; n++) await messages.relayed(await messages.accepted());
    there.answers(() => 500);
    room.clock.laterSeconds = 6 * 86_400;
    const { started } = await room.start([to(there.url)], { firstPauseMs: 3_600_000 }); // one round
    await until(() => room.notices.filter(({ outcome }) => outcome === 'given-up').length === 205);
    const givenUp = await eventsOf(room.store, 'WebhookGivenUp');
    expect(new Set(givenUp.map(({ data }) => (data as { webhookId: string }).webhookId)).size).toBe(205);
    await until(() => started.counts().waiting === 0);
  });
});

/** To one that is behind, and stays so. */
async function* nothing(signal: AbortSignal): AsyncGenerator<never> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
