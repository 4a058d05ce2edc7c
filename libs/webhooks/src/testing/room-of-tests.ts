import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadModels } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { StoreOfTests } from '#libs/event-store/testing';
import { Clock, instantOf, plusSeconds } from '#libs/vocabulary';
import type { WebhookNotice } from '../program-webhook.ts';
import type { WebhookSettings } from '../receiver.ts';
import { readWebhookSecrets } from '../signature.ts';
import { Webhooks } from '../webhooks.ts';
import { startReceiver } from './receiver-of-tests.ts';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const cleanups: (() => Promise<unknown> | void)[] = [];

/** After each test. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

/** The time of day, and as much later as a test says. */
class LaterClock extends Clock {
  laterSeconds = 0;
  override now() {
    return plusSeconds(instantOf(new Date()), this.laterSeconds);
  }
}

/** A record, and gateways on it. */
export async function openRoom(openStore?: StoreOfTests['open']) {
  const store = await openRecord(openStore);
  const directory = await mkdtemp(join(tmpdir(), 'segl-webhooks-'));
  const clock = new LaterClock();
  let laterMs = 0;
  const notices: WebhookNotice[] = [];
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  let files = 0;
  return {
    ...{ store, clock, notices },
    /** Time that goes by, by every clock; `clock.laterSeconds` sets the one on the wall alone. */
    goOn(seconds: number): void {
      clock.laterSeconds += seconds;
      laterMs += seconds * 1000;
    },
    /** A gateway, with a disk of its own unless it is given one. */
    async start(
      webhooks: readonly WebhookSettings[],
      {
        file = `gateway-${(files += 1)}.sqlite`,
        store: its = store as EventStore,
        faults = [] as unknown[],
        firstPauseMs = 1,
        lookAheadMs = 60_000,
      } = {},
    ) {
      const readModels = ReadModels.open(join(directory, file));
      const started = await Webhooks.start({
        ...{ store: its, readModels, clock, webhooks, lookMs: 20, firstPauseMs, lookAheadMs },
        monotonicMs: () => performance.now() + laterMs,
        onNotice: (notice) => notices.push(notice),
        onFault: (_, error) => faults.push(error),
      });
      const close = async () => {
        await started.close();
        readModels.close();
      };
      cleanups.push(close);
      return { started, close };
    },
  };
}

/** Another record. */
export async function openRecord(openStore: StoreOfTests['open'] = () => openTemporarySqlite()) {
  const record = await openStore();
  cleanups.push(() => record.cleanUp());
  return record.store;
}

export async function receiver() {
  const started = await startReceiver();
  cleanups.push(() => started.close());
  return started;
}

export const to = (url: URL, changed: Partial<WebhookSettings> = {}): WebhookSettings => ({
  ...{ clientId: 'office', url, includesViews: false, privateAddresses: ['127.0.0.1'] },
  secrets: () => readWebhookSecrets(SECRET),
  ...changed,
});

export const eventsOf = async (store: EventStore, type: string) =>
  (await Array.fromAsync(store.readAll())).filter((event) => event.type === type);
