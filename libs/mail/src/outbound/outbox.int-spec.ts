import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FixedClock, base32Lower, instantOf, parseMailAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { startSmtpSink } from '../testing/smtp-sink.ts';
import { MailRelay, RelayRefused, RelayUnavailable } from './mail-relay.ts';
import type { OutgoingMail, RelayReceipt } from './mail-relay.ts';
import { Outbox } from './outbox.ts';
import type { DeliveryOutcome, OutboxOptions } from './outbox-options.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A relay whose answer a test decides. */
class DecidedRelay extends MailRelay {
  readonly sent: { mail: OutgoingMail; content: string }[] = [];
  answer: (mail: OutgoingMail) => Promise<void> = () => Promise.resolve();

  override async send(mail: OutgoingMail): Promise<RelayReceipt> {
    let content = '';
    if (mail.content instanceof Uint8Array) throw new Error('a carrier comes as a stream');
    for await (const piece of mail.content()) content += Buffer.from(piece).toString('latin1');
    await this.answer(mail);
    this.sent.push({ mail, content });
    return { acceptedAt: instantOf('2026-11-22T12:00:00Z'), reply: '250 2.0.0 ok' };
  }

  override checkReachable(): Promise<void> {
    return Promise.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

async function temporaryDirectory() {
  const directory = await mkdtemp(join(tmpdir(), 'segl-outbox-'));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'outbox');
}

async function openOutbox(directory: string, overrides: Partial<OutboxOptions> = {}) {
  const relay = new DecidedRelay();
  const outcomes: DeliveryOutcome[] = [];
  const outbox = await Outbox.open({
    directory,
    relay,
    settle: () => Promise.resolve('discard'),
    onOutcome: (outcome) => outcomes.push(outcome),
    scanIntervalMs: 20,
    takeOverIntervalMs: 20,
    closeGraceMs: 200,
    // by the test's own clock where there is one, so that days pass at once
    ...(overrides.clock && { monotonicMs: () => Date.parse(overrides.clock?.now() ?? '') }),
    ...overrides,
  });
  cleanups.push(() => outbox.close().catch(() => undefined));
  return { outbox, relay, outcomes };
}

const newMessageId = () => base32Lower(randomBytes(20)) as MessageId;

async function staged(outbox: Outbox, submissionId = 'one', messageId = newMessageId()) {
  const file = await outbox.stage({
    messageId,
    submissionId,
    mailFrom: parseMailAddress('office@example.org'),
    rcptTo: parseMailAddress('anna@example.com'),
  });
  await file.write(Buffer.from('Subject: x\r\n\r\n'));
  await file.write(Buffer.from(`carrier of ${messageId}\r\n`));
  await file.finish();
  return file;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the outbox', () => {
  it('gives a committed carrier to the relay and forgets it', async () => {
    const { outbox, relay, outcomes } = await openOutbox(await temporaryDirectory());
    outbox.start();
    const file = await staged(outbox);
    expect(await outbox.commit([file], { awaitFirstTryMs: 5000 })).toEqual(['relayed']);
    const { messageId } = file.envelope;
    expect(relay.sent).toMatchObject([
      {
        mail: { mailFrom: 'office@example.org', rcptTo: 'anna@example.com', kind: 'carrier' },
        content: `Subject: x\r\n\r\ncarrier of ${messageId}\r\n`,
      },
    ]);
    expect(relay.sent[0]?.mail.contentBytes).toBe(relay.sent[0]?.content.length);
    expect(outcomes).toMatchObject([
      { outcome: 'relayed', messageId, submissionId: 'one', attempts: 1, enhancedStatus: '2.0.0' },
    ]);
    expect(await outbox.counts()).toEqual({ queued: 0, sending: 0, refused: 0, staged: 0 });
    expect(await outbox.deliveryOf(messageId)).toBe('relayed');
  });

  it('sends nothing that is only staged, and leaves nothing of what is discarded', async () => {
    const { outbox, relay } = await openOutbox(await temporaryDirectory());
    outbox.start();
    const file = await staged(outbox);
    const unfinished = await outbox.stage({ ...file.envelope, messageId: newMessageId() });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await file.discard();
    await unfinished.discard();
    await unfinished.discard();
    expect(relay.sent).toEqual([]);
    expect(await outbox.counts()).toEqual({ queued: 0, sending: 0, refused: 0, staged: 0 });
  });

  it('keeps files and folders to their owner', async () => {
    const directory = await temporaryDirectory();
    const { outbox } = await openOutbox(directory);
    await outbox.commit([await staged(outbox)]);
    expect((await stat(join(directory, 'queue'))).mode & 0o777).toBe(0o700);
    const [name = ''] = await readdir(join(directory, 'queue'));
    expect((await stat(join(directory, 'queue', name))).mode & 0o777).toBe(0o600);
  });

  it('tries again after a temporary failure, later each time, and gives up after five days', async () => {
    const clock = new FixedClock(instantOf('2026-11-22T12:00:00Z'));
    const directory = await temporaryDirectory();
    const { outbox, relay, outcomes } = await openOutbox(directory, { clock });
    relay.answer = () => Promise.reject(new RelayUnavailable('451 4.7.1 greylisted', 451));
    outbox.start();
    const file = await staged(outbox);
    expect(await outbox.commit([file], { awaitFirstTryMs: 5000 })).toEqual(['queued']);
    expect(await outbox.deliveryOf(file.envelope.messageId)).toBe('queued');
    for (let attempts = 1; attempts <= 12; attempts++) {
      await until(() => outcomes.length === attempts);
      const [name = ''] = await readdir(join(directory, 'queue'));
      const waitSeconds = (Number(name.slice(0, 15)) - Date.parse(clock.now())) / 1000;
      const longest = Math.min(3600, 60 * 2 ** (attempts - 1));
      expect(waitSeconds).toBeGreaterThanOrEqual(longest / 2 - 1);
      expect(waitSeconds).toBeLessThanOrEqual(longest + 1);
      clock.advance(waitSeconds + 1);
    }
    expect(outcomes.every(({ outcome, enhancedStatus }) => outcome === 'deferred' && enhancedStatus === '4.7.1')).toBe(
      true,
    );
    clock.advance(5 * 86_400);
    await until(() => outcomes.at(-1)?.outcome === 'expired');
    expect(await outbox.deliveryOf(file.envelope.messageId)).toBe('refused');
    expect(await outbox.counts()).toEqual({ queued: 0, sending: 0, refused: 1, staged: 0 });
  });

  it('waits by a clock that nobody sets: one that is set back by a day holds nothing up', async () => {
    const clock = new FixedClock(instantOf('2026-11-22T12:00:00Z'));
    const directory = await temporaryDirectory();
    const options = { clock, firstRetrySeconds: 0.1, maxRetrySeconds: 0.2, monotonicMs: () => performance.now() };
    const { outbox, relay, outcomes } = await openOutbox(directory, options);
    relay.answer = () => Promise.reject(new RelayUnavailable('no connection', 0));
    outbox.start();
    await outbox.commit([await staged(outbox)], { awaitFirstTryMs: 5000 });
    clock.advance(-86_400);
    await until(() => outcomes.length >= 2); // the pause after an unreached relay, and the wait of the carrier
    await outbox.close();
    clock.advance(-86_400);
    const later = await openOutbox(directory, options); // another process finds the name with its time two days ahead
    later.outbox.start();
    await until(() => later.outcomes.length >= 1);
    expect(later.outcomes[0]?.outcome).toBe('relayed');
  });

  it('gives no carrier up after a single try, though the clock says that days have passed', async () => {
    const clock = new FixedClock(instantOf('2026-11-22T12:00:00Z'));
    const { outbox, relay, outcomes } = await openOutbox(await temporaryDirectory(), { clock });
    relay.answer = () => Promise.reject(new RelayUnavailable('451 4.7.1 greylisted', 451));
    const file = await staged(outbox);
    clock.advance(7 * 86_400);
    outbox.start();
    expect(await outbox.commit([file], { awaitFirstTryMs: 5000 })).toEqual(['queued']);
    for (let attempts = 1; attempts < 5; attempts++) {
      await until(() => outcomes.length === attempts);
      clock.advance(3600);
    }
    await until(() => outcomes.length === 5);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['deferred', 'deferred', 'deferred', 'deferred', 'expired']);
  });

  it('gives none up, and removes none that was refused, by a clock that was set forward just now', async () => {
    const clock = new FixedClock(instantOf(new Date()));
    let jumpMs = 0;
    const directory = await temporaryDirectory();
    const monotonicMs = () => Date.parse(clock.now()) - jumpMs;
    const { outbox, relay, outcomes } = await openOutbox(directory, { clock, monotonicMs });
    outbox.start();
    for (const refusal of [new RelayRefused('550 no', 550), new RelayUnavailable('451 later', 451)]) {
      relay.answer = () => Promise.reject(refusal);
      await outbox.commit([await staged(outbox)], { awaitFirstTryMs: 5000 });
    }
    clock.advance((jumpMs = 100 * 86_400_000) / 1000);
    for (let tries = 1; tries < 7; tries++, clock.advance(3600)) await until(() => outcomes.length > tries);
    await outbox.sweep();
    expect(await readdir(join(directory, 'refused'))).toHaveLength(2);
  });

  it('sets a refused carrier aside with the reason, tells no address, and sweeps it after 30 days', async () => {
    const clock = new FixedClock(instantOf(new Date()));
    const directory = await temporaryDirectory();
    const { outbox, relay, outcomes } = await openOutbox(directory, { clock });
    relay.answer = () => Promise.reject(new RelayRefused('550 5.1.1 <anna@example.com>: unknown', 550));
    outbox.start();
    const file = await staged(outbox);
    expect(await outbox.commit([file], { awaitFirstTryMs: 5000 })).toEqual(['refused']);
    expect(JSON.stringify(outcomes)).not.toMatch(/anna/);
    const reason = JSON.parse(
      await readFile(join(directory, 'refused', `${file.envelope.messageId}.json`), 'utf8'),
    ) as object;
    expect(reason).toMatchObject({
      outcome: 'refused',
      replyCode: 550,
      reply: '550 5.1.1 <anna@example.com>: unknown',
      attempts: 1,
    });
    await outbox.close();
    clock.advance(31 * 86_400);
    const { outbox: later } = await openOutbox(directory, { clock });
    later.start();
    await until(async () => (await readdir(join(directory, 'refused'))).length === 0);
  });

  it('does not hammer a relay that cannot be reached', async () => {
    const { outbox, relay, outcomes } = await openOutbox(await temporaryDirectory(), { concurrency: 1 });
    relay.answer = () => Promise.reject(new RelayUnavailable('connect ECONNREFUSED', 0));
    outbox.start();
    await outbox.commit([await staged(outbox), await staged(outbox), await staged(outbox)], { awaitFirstTryMs: 300 });
    expect(outcomes).toHaveLength(1);
  });

  it('does not make a sender wait longer than asked', async () => {
    const { outbox, relay } = await openOutbox(await temporaryDirectory());
    let answerAtLast = () => undefined as void;
    relay.answer = () => new Promise((resolve) => (answerAtLast = resolve as () => void));
    outbox.start();
    expect(await outbox.commit([await staged(outbox)], { awaitFirstTryMs: 100 })).toEqual(['queued']);
    answerAtLast(); // only now: the sender was answered before the relay was
    await until(() => relay.sent.length === 1);
  });

  it('settles what a dead process had staged by what became of its submission', async () => {
    const directory = await temporaryDirectory();
    const { outbox: dead } = await openOutbox(directory);
    const accepted = await staged(dead, 'accepted');
    const handedOut = [await staged(dead, 'handed-out'), await staged(dead, 'handed-out')];
    await staged(dead, 'unknown');
    const unfinished = await dead.stage({ ...accepted.envelope, messageId: newMessageId() });
    const { outbox, relay } = await openOutbox(directory, {
      settle: ({ submissionId }) =>
        Promise.resolve(submissionId === 'accepted' ? 'queue' : submissionId === 'handed-out' ? 'keep' : 'discard'),
    });
    outbox.start();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(relay.sent).toEqual([]); // it is not dead yet: its lock is held
    await dead.close();
    await until(() => relay.sent.length === 1);
    expect(relay.sent[0]?.content).toContain(accepted.envelope.messageId);
    await until(async () => (await outbox.counts()).staged === 0);
    const kept = await outbox.kept('handed-out');
    expect(new Set(kept.map(({ envelope }) => envelope.messageId))).toEqual(
      new Set(handedOut.map(({ envelope }) => envelope.messageId)),
    );
    expect(await outbox.kept('unknown')).toEqual([]);
    await unfinished.discard();
  });

  it('leaves a staged carrier for later while it cannot be known what became of its submission', async () => {
    const directory = await temporaryDirectory();
    const { outbox: dead } = await openOutbox(directory);
    await staged(dead);
    await dead.close();
    let isKnown = false;
    const { outbox, relay } = await openOutbox(directory, {
      settle: () => (isKnown ? Promise.resolve('queue') : Promise.reject(new Error('the event store is away'))),
    });
    outbox.start();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await outbox.counts()).staged).toBe(1);
    isKnown = true;
    await until(() => relay.sent.length === 1);
  });

  it('hands out what was kept, in its order', async () => {
    const { outbox } = await openOutbox(await temporaryDirectory());
    const files = [await staged(outbox, 'x'), await staged(outbox, 'x'), await staged(outbox, 'y')];
    await outbox.keep(files.slice(0, 2));
    const kept = await outbox.kept('x');
    expect(kept.map(({ envelope }) => envelope.messageId)).toEqual(
      files.slice(0, 2).map(({ envelope }) => envelope.messageId),
    );
    let content = '';
    for await (const piece of kept[1]?.content() ?? []) content += Buffer.from(piece).toString();
    expect(content).toContain(`carrier of ${files[1]?.envelope.messageId}`);
  });

  it('says so when the disk does not take a carrier', async () => {
    const directory = await temporaryDirectory();
    const { outbox } = await openOutbox(directory);
    await outbox.checkWritable();
    await rm(join(directory, 'staging'), { recursive: true });
    await expect(outbox.checkWritable()).rejects.toMatchObject({ code: 'outbox-unavailable' });
    await expect(staged(outbox)).rejects.toMatchObject({ code: 'outbox-unavailable' });
  });
});

describe('outboxes in several processes', () => {
  const script = join(import.meta.dirname, '../testing/outbox-process.ts');

  function startProcess(directory: string, port: number, carriers: number) {
    const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [
      '--conditions=segl-source',
      '--disable-warning=ExperimentalWarning',
      script,
      directory,
      String(port),
      String(carriers),
    ]);
    const lines: string[] = [];
    child.stdout.on('data', (text: Buffer) => lines.push(...text.toString().split('\n').filter(Boolean)));
    child.stderr.on('data', (text: Buffer) => lines.push(`stderr ${text.toString()}`));
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    cleanups.push(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    return {
      child,
      lines,
      ended,
      committed: () => lines.filter((line) => line.startsWith('committed ')).map((line) => line.slice(10)),
    };
  }

  const messageIdOf = (content: Buffer) => /Segl-Message: (\w+)/.exec(content.toString('latin1', 0, 100))?.[1] ?? '';

  it('send each carrier once', async () => {
    const directory = await temporaryDirectory();
    const sink = await startSmtpSink();
    cleanups.push(() => sink.close());
    const processes = [
      startProcess(directory, sink.port, 20),
      startProcess(directory, sink.port, 20),
      startProcess(directory, sink.port, 0),
    ];
    await until(() => processes.every(({ lines }) => lines.includes('idle')) && sink.mails.length >= 40);
    for (const { child, ended } of processes) {
      child.kill('SIGTERM');
      await ended;
    }
    const ids = sink.mails.map(({ content }) => messageIdOf(content));
    expect(ids).toHaveLength(40);
    expect(new Set(ids)).toEqual(new Set(processes.flatMap(({ committed }) => committed())));
    expect(await readdir(join(directory, 'owners'))).toEqual([]);
    expect(processes.flatMap(({ lines }) => lines).filter((line) => /^(fault|stderr)/.test(line))).toEqual([]);
  });

  it('lose no committed carrier to SIGKILL at any moment', async () => {
    const directory = await temporaryDirectory();
    const sink = await startSmtpSink();
    cleanups.push(() => sink.close());
    const committed: string[] = [];
    const faults: string[] = [];
    for (let run = 0; run < 12; run++) {
      const killed = startProcess(directory, sink.port, 1000);
      await until(() => killed.committed().length > 0);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
      killed.child.kill('SIGKILL');
      await killed.ended;
      committed.push(...killed.committed());
      faults.push(...killed.lines.filter((line) => /^(fault|stderr)/.test(line)));
    }
    const last = startProcess(directory, sink.port, 0);
    await until(() => last.lines.includes('idle'));
    const ids = sink.mails.map(({ content }) => messageIdOf(content));
    expect(committed.filter((id) => !ids.includes(id))).toEqual([]);
    expect(sink.mails.every(({ content }) => content.length > 100_000)).toBe(true);
    // At least once: at most what was under way at a kill came twice.
    expect(ids.length - new Set(ids).size).toBeLessThanOrEqual(12 * 3);
    expect(faults).toEqual([]);
    last.child.kill('SIGTERM');
    await last.ended;
    expect(await readdir(join(directory, 'owners'))).toEqual([]);
    expect(await readdir(join(directory, 'staging'))).toEqual([]);
  }, 120_000);
});
