import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import type { EphemeralStore } from '#libs/ephemeral-store';
import { destroyKey, initKeyring, Keyring, rotateKey } from '#libs/keyring';
import type { KeyId, SealingEpoch } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { chooseEpoch, GatewayEpochs, PortalEpochs } from './sealing-epochs.ts';
import type { EpochNotice } from './sealing-epochs.ts';

const clock = new SystemClock();
const times = { tellEveryMs: 20, lookEveryMs: 10, goneAfterMs: 1000 };
let parent: string;
let store: EphemeralStore;
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'segl-epochs-'));
  store = new MemoryEphemeralStore({ maxBytes: 1024 * 1024 });
  await initKeyring(join(parent, 'first'), { demonstration: false, now: clock.now() });
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await store.close();
  await rm(parent, { recursive: true, force: true });
});

/** A directory of its own, as another machine has it: it holds what was copied there. */
async function machine(name: string, kind: 'sealing' | 'sealing.pub', files: readonly string[]) {
  const directory = join(parent, name);
  await mkdir(directory, { mode: 0o700 });
  const bring = async (file: string) => copyFile(join(parent, 'first', file), join(directory, file));
  for (const file of files) await bring(file);
  const keyring = await Keyring.open(directory, { demonstration: false, kinds: [kind], followIntervalMs: 10 });
  ends.push(() => keyring.close());
  return { keyring, bring };
}

async function portal(name: string) {
  const { keyring, bring } = await machine(name, 'sealing', ['sealing-1.key', 'sealing-1.pub']);
  const epochs = new PortalEpochs({ instanceId: name, keyring, store, clock, times });
  await epochs.start();
  ends.push(() => epochs.stop());
  return { epochs, bring };
}

async function gateway(options: { newEpochAfterSeconds?: number; shared?: boolean } = {}) {
  const { keyring, bring } = await machine('gateway', 'sealing.pub', ['sealing-1.pub']);
  const notices: EpochNotice[] = [];
  let looks = 0;
  const epochs = new GatewayEpochs({
    keyring,
    store: (options.shared ?? true) ? store : null,
    ownPortal: null,
    newEpochAfterSeconds: options.newEpochAfterSeconds ?? 0,
    clock: { now: () => (looks++, clock.now()) },
    onNotice: (notice) => notices.push(notice),
    times,
  });
  await epochs.start();
  ends.push(() => epochs.stop());
  const severalLooks = async () => {
    const enough = looks + 10;
    await until(() => looks > enough);
  };
  return { epochs, keyring, bring, notices, severalLooks };
}

async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !isSo(); await sleep(5)) {
    if (Date.now() > deadline) throw new Error('it never came to be so');
  }
}

describe('a new sealing epoch', () => {
  it('is sealed to once the last portal can open it, and not before', async () => {
    const [one, other] = [await portal('one'), await portal('other')];
    const { epochs, keyring, bring, notices, severalLooks } = await gateway();
    expect(epochs.sealingRecipient().keyId).toBe('sealing-1');

    await rotateKey(join(parent, 'first'), 'sealing', { now: clock.now() });
    await bring('sealing-2.pub');
    await until(() => keyring.sealingRecipient().keyId === 'sealing-2');
    await one.bring('sealing-2.key');
    await until(() => notices.length > 0);
    await severalLooks();
    expect(epochs.sealingRecipient().keyId).toBe('sealing-1');
    expect(notices).toMatchObject([{ what: 'waits', sealingKeyId: 'sealing-2', portals: 2 }]);

    await other.bring('sealing-2.key');
    await until(() => epochs.sealingRecipient().keyId === 'sealing-2');
    expect(notices.at(-1)).toMatchObject({ what: 'used', sealingKeyId: 'sealing-2', portals: 2, canOpen: 2 });
  });

  it('waits for nobody who has stopped, nor for one that is gone without a word', async () => {
    // Killed: its entry stays as it was last written.
    const left = { instanceId: 'killed', sealingKeyIds: ['sealing-1'], seenAt: clock.now() };
    await store.put('sealing-epochs:portals', Buffer.from(JSON.stringify([left])), 60);
    const [stays, stopped] = [await portal('stays'), await portal('stopped')];
    const { epochs, bring, notices } = await gateway();
    await rotateKey(join(parent, 'first'), 'sealing', { now: clock.now() });
    await bring('sealing-2.pub');
    await stays.bring('sealing-2.key');
    await until(() => notices.some(({ portals }) => portals === 3));
    await stopped.epochs.stop();
    await until(() => epochs.sealingRecipient().keyId === 'sealing-2');
    expect(notices.at(-1)).toMatchObject({ what: 'used', portals: 1, canOpen: 1 });
  });

  it('goes back when a portal comes that cannot open it, and stays while no portal is known', async () => {
    const first = await portal('first-portal');
    const { epochs, bring, severalLooks } = await gateway();
    await rotateKey(join(parent, 'first'), 'sealing', { now: clock.now() });
    await bring('sealing-2.pub');
    await first.bring('sealing-2.key');
    await until(() => epochs.sealingRecipient().keyId === 'sealing-2');
    const late = await portal('late');
    await until(() => epochs.sealingRecipient().keyId === 'sealing-1');
    await first.epochs.stop();
    await late.epochs.stop();
    await severalLooks();
    expect(epochs.sealingRecipient().keyId).toBe('sealing-1');
  });

  it('lives through a record that was lost, or that another release wrote', async () => {
    await portal('one');
    const { epochs, severalLooks } = await gateway();
    for (const record of ['[{"x":1}]', 'nonsense', null]) {
      if (record === null) await store.delete('sealing-epochs:portals');
      else await store.put('sealing-epochs:portals', Buffer.from(record), 60);
      await severalLooks();
      expect(epochs.sealingRecipient().keyId).toBe('sealing-1');
      expect(JSON.parse(Buffer.from((await store.get('sealing-epochs:portals')) ?? []).toString())).toMatchObject([
        { instanceId: 'one', sealingKeyIds: ['sealing-1'] },
      ]);
    }
  });

  it('waits its time where no portal can be asked, and a destroyed one is left at once', async () => {
    const { epochs, bring, keyring } = await gateway({ shared: false, newEpochAfterSeconds: 0.4 });
    await rotateKey(join(parent, 'first'), 'sealing', { now: clock.now() });
    await bring('sealing-2.pub');
    await until(() => keyring.sealingRecipient().keyId === 'sealing-2');
    await until(() => epochs.sealingRecipient().keyId === 'sealing-2');
    await destroyKey(join(parent, 'gateway'), 'sealing-2', { now: clock.now(), force: true });
    await until(() => epochs.sealingRecipient().keyId === 'sealing-1');
  });
});

describe('which epoch', () => {
  const epoch = (version: number, createdAt: string | null = '2026-01-01T00:00:00.000Z'): SealingEpoch => ({
    keyId: `sealing-${version}`,
    recipient: 'age1pq1x',
    createdAt: createdAt as Instant | null,
    isOpenedHere: false,
  });
  const held = (...versions: number[]) => new Set(versions.map((version): KeyId => `sealing-${version}`));
  const now = '2026-01-01T00:04:00.000Z' as Instant;
  const facts = { used: null, now, newEpochAfterSeconds: 300 };
  const choose = (portals: ReadonlySet<KeyId>[], epochs: SealingEpoch[], more = {}) =>
    chooseEpoch(epochs, portals, { ...facts, ...more })?.keyId;

  it.each<[string, ReadonlySet<KeyId>[], SealingEpoch[], object, string | undefined]>([
    ['all hold the newest', [held(1, 2), held(1, 2)], [epoch(2), epoch(1)], {}, 'sealing-2'],
    ['one lacks the newest', [held(1, 2), held(1)], [epoch(2), epoch(1)], {}, 'sealing-1'],
    ['none is held by all', [held(1, 2), held(2), held(3)], [epoch(3), epoch(2), epoch(1)], {}, 'sealing-2'],
    ['the newest went unseen by any portal', [held(9)], [epoch(2), epoch(1)], {}, 'sealing-2'],
    ['nobody is known, the newest is young', [], [epoch(2), epoch(1, null)], {}, 'sealing-1'],
    ['nobody is known, all are young', [], [epoch(2), epoch(1)], {}, 'sealing-1'],
    ['nobody is known, the newest is old', [], [epoch(2), epoch(1)], { newEpochAfterSeconds: 240 }, 'sealing-2'],
    ['nobody is known any more', [], [epoch(2, null), epoch(1)], { used: 'sealing-1' }, 'sealing-1'],
    ['what was used is destroyed', [], [epoch(3, null), epoch(1)], { used: 'sealing-2' }, 'sealing-3'],
    ['there is none', [], [], {}, undefined],
  ])('when %s', (_when, portals, epochs, more, chosen) => expect(choose(portals, epochs, more)).toBe(chosen));
});
