import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import type { MessageId } from '#libs/vocabulary';
import { UploadsBusy } from './incoming-ciphertext.ts';
import { WaitingCiphertext } from './waiting-ciphertext.ts';

const MAX_BYTES = 1_000_000;
const WAITING_SECONDS = 900;
const ONE = 50_000;

describe('messages that wait, of many networks', () => {
  let store: MemoryEphemeralStore;
  let portals: readonly WaitingCiphertext[];
  let seconds: number;
  let turn: number;
  beforeEach(() => {
    [seconds, turn] = [0, 0];
    messages.clear();
    store = new MemoryEphemeralStore({ maxBytes: MAX_BYTES, clock: () => seconds * 1000 });
    const open = () => new WaitingCiphertext(store, { waitingSeconds: WAITING_SECONDS, uploadsMaxBytes: 4_000_000 });
    portals = [open(), open()];
  });
  afterEach(() => store.close());

  /** Through either portal by turns. */
  async function handIn(network: string, { bytes = ONE, again }: { bytes?: number; again?: number } = {}) {
    const number = again ?? ++turn;
    const ciphertext = again === undefined ? randomBytes(bytes) : Buffer.alloc(0);
    const kept = messages.get(number) ?? ciphertext;
    messages.set(number, kept);
    const recorded = {
      ciphertextBytes: kept.length,
      ciphertextSha256: createHash('sha256').update(kept).digest('hex'),
    };
    const source = (async function* () {
      yield kept;
    })();
    const portal = portals[number % 2] as WaitingCiphertext;
    await portal.takeIn(String(number).padStart(32, '0') as MessageId, source, recorded, network);
  }
  const messages = new Map<number, Buffer>();

  /** How many of 30 were taken. */
  async function taken(networkOf: (n: number) => string): Promise<number> {
    let count = 0;
    for (let n = 0; n < 30; n++) {
      try {
        await handIn(networkOf(n));
        count++;
      } catch (error) {
        if (!(error instanceof UploadsBusy)) throw error;
      }
    }
    return count;
  }

  it.each([
    ['one address', () => '192.0.2.7/32'],
    ['one /24', (n: number) => `192.0.2.${n}/32`],
    ['one /48', (n: number) => `2001:db8:1:${n.toString(16)}::/64`],
  ])('of %s take half of the store and no more, and others go on', async (_, networkOf) => {
    const mine = await taken(networkOf);
    expect(mine * ONE).toBeGreaterThanOrEqual(0.4 * MAX_BYTES);
    expect(mine * ONE).toBeLessThanOrEqual(0.5 * MAX_BYTES);
    for (let n = 0; n < 8; n++) await handIn(`198.51.${n}.1/32`);
  });

  it('are let in again when the time is over, and a first one always is', async () => {
    await taken(() => '192.0.2.7/32');
    await handIn('198.51.100.1/32', { bytes: 4 * ONE }); // more than a share, and its network's first
    await expect(handIn('198.51.100.1/32')).rejects.toBeInstanceOf(UploadsBusy);
    seconds += WAITING_SECONDS;
    await handIn('192.0.2.7/32');
    await handIn('198.51.100.1/32');
  });

  it('count again when they are handed in again: keeping them is no way to more room', async () => {
    await taken(() => '192.0.2.7/32');
    seconds += WAITING_SECONDS - 1;
    for (let number = 1; number <= 9; number++) await handIn('192.0.2.7/32', { again: number });
    seconds += 1; // the first count is over, the messages wait on
    for (let number = 1; number <= 9; number++) await handIn('192.0.2.7/32', { again: number });
    await expect(handIn('192.0.2.7/32', { bytes: 2 * ONE })).rejects.toBeInstanceOf(UploadsBusy);
  });
});
