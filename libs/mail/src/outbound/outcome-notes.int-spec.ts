import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { instantOf, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress, MessageId } from '#libs/vocabulary';
import { MailRelay, RelayRefused } from './mail-relay.ts';
import { Outbox } from './outbox.ts';
import type { CarrierOutcome } from './outcome-notes.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Takes everything but what is for nobody. */
class Relay extends MailRelay {
  override async send({ rcptTo }: { readonly rcptTo: MailAddress }) {
    if (rcptTo.startsWith('nobody')) throw new RelayRefused('550 5.1.1 nobody@example.com is unknown', 550);
    return { acceptedAt: instantOf('2026-11-30T12:00:00Z'), reply: '250 2.0.0 ok' };
  }
  override checkReachable(): Promise<void> {
    return Promise.resolve();
  }
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

async function openOutbox(directory: string, record: (outcome: CarrierOutcome) => Promise<void>) {
  const outbox = await Outbox.open({
    ...{ directory, record, relay: new Relay(), scanIntervalMs: 20, closeGraceMs: 200 },
    settle: () => Promise.resolve('discard'),
  });
  outbox.start();
  return outbox;
}

async function sendTo(outbox: Outbox, recipient: string, messageId: MessageId) {
  const rcptTo = parseMailAddress(recipient);
  const file = await outbox.stage({ messageId, submissionId: 'x', mailFrom: '', rcptTo });
  await file.finish();
  return outbox.commit([file], { awaitFirstTryMs: 10_000 });
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await isSo());) {
    if (Date.now() > deadline) throw new Error('it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const taken = 'abcdefghijklmnopqrstuvwxyz234567' as MessageId;
const refused = 'bbcdefghijklmnopqrstuvwxyz234567' as MessageId;

describe('what became of carriers', () => {
  async function temporaryDirectory() {
    const parent = await mkdtemp(join(tmpdir(), 'segl-notes-'));
    cleanups.push(() => rm(parent, { recursive: true, force: true }));
    return join(parent, 'outbox');
  }
  const notes = (directory: string) => readdir(join(directory, 'unrecorded'));

  it('is recorded before anybody is answered, without an address or a word of the relay', async () => {
    const directory = await temporaryDirectory();
    const recorded: CarrierOutcome[] = [];
    const outbox = await openOutbox(directory, async (outcome) => void recorded.push(outcome));
    cleanups.push(() => outbox.close());
    expect(await sendTo(outbox, 'anna@example.com', taken)).toEqual(['relayed']);
    expect(await sendTo(outbox, 'nobody@example.com', refused)).toEqual(['refused']);
    const submissionId = 'x';
    expect(recorded).toEqual([
      { outcome: 'relayed', messageId: taken, submissionId, enhancedStatus: '2.0.0', at: expect.any(String) },
      { outcome: 'refused', messageId: refused, submissionId, enhancedStatus: '5.1.1', at: expect.any(String) },
    ]);
    expect(await notes(directory)).toEqual([]);
  });

  it('waits while the store is away, over the end of the process, and is recorded when it is back', async () => {
    const directory = await temporaryDirectory();
    const away = await openOutbox(directory, () => Promise.reject(new Error('the store is away')));
    expect(await sendTo(away, 'anna@example.com', taken)).toEqual(['relayed']);
    expect(await away.deliveryOf(taken)).toBe('relayed');
    expect(await notes(directory)).toEqual([`${taken}.json`]);
    await away.close();
    const recorded: CarrierOutcome[] = [];
    const back = await openOutbox(directory, async (outcome) => void recorded.push(outcome));
    cleanups.push(() => back.close());
    await until(async () => (await notes(directory)).length === 0);
    expect(recorded).toMatchObject([{ outcome: 'relayed', messageId: taken }]);
  });
});
