import type { Logger } from 'pino';
import { appointCanary } from '#libs/audit';
import { getJson, putJson } from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import type { EventStore } from '#libs/event-store';
import type { PersonDirectory } from '#libs/keyring';
import { CarrierReader, NotACarrier } from '#libs/mail';
import { DomainError, newSecret } from '#libs/vocabulary';
import type { Clock, MailAddress, MessageId, PersonId } from '#libs/vocabulary';
import { AskedRuns } from './asked-runs.ts';
import type { CanaryMailbox } from './canary-mailbox.ts';
import { CanaryReader } from './canary-reader.ts';
import { CanaryStopped, CanaryUnderWay, parseCanaryStanding } from './canary-run.ts';
import type { CanaryRun, CanaryStanding, CanaryStep } from './canary-run.ts';

/** Seconds that one run may take: mail servers in between have their queues. */
const RUN_SECONDS = 180;
/** How often it is looked whether the next one is due. */
const LOOK_SECONDS = 15;
/** 30 days: what the last one came to is worth knowing after a long weekend. */
const STANDING_SECONDS = 30 * 86_400;
const STANDING_KEY: EphemeralKey = 'canary:standing';
const TURN_KEY: EphemeralKey = 'canary:turn';

/** A mail as the installation seals it for anybody. @returns the message that came of it */
export type SealCanaryMail = (mail: { readonly address: MailAddress; readonly bytes: Buffer }) => Promise<MessageId>;

export interface CanaryParts {
  readonly publicUrl: URL;
  readonly everySeconds: number;
  readonly mailbox: CanaryMailbox;
  readonly ephemeralStore: EphemeralStore;
  readonly eventStore: EventStore;
  readonly persons: PersonDirectory;
  readonly clock: Clock;
  readonly log: Logger;
  readonly seal: SealCanaryMail;
  readonly onRun: (run: CanaryRun) => void;
}

/**
 * A mail that the installation sends to itself, by the way of every other: sealed, relayed, opened, its address proven by a code, shown. Of all processes on one
 * ephemeral store one sends at a time. It is recorded as everything is, under a person of its own (`CanaryAppointed`).
 */
export class Canary {
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: CanaryParts) {}

  start(): void {
    this.timer = setInterval(() => void this.runWhenDue(), LOOK_SECONDS * 1000).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.underWay;
  }

  /** Now, whenever the last one was; the next is due as long after this one as after any. Never rejects for what a step met. @throws CanaryUnderWay, EphemeralStoreUnavailable */
  async run(): Promise<CanaryRun> {
    const { ephemeralStore, mailbox } = this.parts;
    const runId = newSecret();
    if (!(await mailbox.open(runId, RUN_SECONDS + LOOK_SECONDS))) throw new CanaryUnderWay();
    await ephemeralStore.put(TURN_KEY, Buffer.of(1), this.turnSeconds);
    const running = this.goTheWay(runId).finally(() => mailbox.close(runId).catch(() => undefined));
    this.underWay = running.catch(() => undefined);
    const run = await running;
    this.parts.onRun(run);
    const passedAt = run.outcome === 'passed' ? run.endedAt : ((await this.standing())?.passedAt ?? null);
    await putJson(ephemeralStore, STANDING_KEY, { last: run, passedAt }, STANDING_SECONDS);
    return run;
  }

  /** As `run`, for somebody who asks. @throws CanaryAskedTooOften, CanaryUnderWay, EphemeralStoreUnavailable */
  async runAsked(): Promise<CanaryRun> {
    const asked = new AskedRuns(this.parts.ephemeralStore, this.parts.clock);
    await asked.count();
    try {
      return await this.run();
    } catch (error) {
      if (error instanceof CanaryUnderWay) await asked.giveBack();
      throw error;
    }
  }

  /** What the last one came to, whichever process sent it. Null: not known here. @throws EphemeralStoreUnavailable */
  standing(): Promise<CanaryStanding | null> {
    return canaryStandingIn(this.parts.ephemeralStore);
  }

  /** One look earlier than the next is due, so that none comes a look late. */
  private get turnSeconds(): number {
    return this.parts.everySeconds - LOOK_SECONDS;
  }

  private async runWhenDue(): Promise<void> {
    const { ephemeralStore, log } = this.parts;
    try {
      if (await ephemeralStore.putIfAbsent(TURN_KEY, Buffer.of(1), this.turnSeconds)) await this.run();
    } catch (error) {
      if (!(error instanceof CanaryUnderWay) && !this.stopping.signal.aborted)
        log.warn({ error: String(error) }, 'a canary mail could not be sent');
    }
  }

  private async goTheWay(runId: string): Promise<CanaryRun> {
    const { clock, log, mailbox, publicUrl, seal } = this.parts;
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(RUN_SECONDS * 1000)]);
    const startedAt = clock.now();
    const steps: { step: CanaryStep; seconds: number }[] = [];
    const step = async <Result>(name: CanaryStep, work: () => Promise<Result>): Promise<Result> => {
      const before = performance.now();
      try {
        return await work();
      } finally {
        steps.push({ step: name, seconds: Math.round(performance.now() - before) / 1000 });
      }
    };
    const end = (reason: string | null): CanaryRun => {
      const outcome = reason === null ? 'passed' : 'failed';
      return { startedAt, endedAt: clock.now(), outcome, steps, reason };
    };
    try {
      const words = newSecret();
      const reader = new CanaryReader(publicUrl, signal);
      const messageId = await step('seal', async () => {
        await appointedCanary(this.parts);
        return seal({ address: mailbox.address, bytes: canaryMail(mailbox.address, words, startedAt) });
      });
      const ciphertext = await step('carrier', () =>
        mailbox.find(runId, (mail) => ciphertextOf(mail, messageId), signal),
      );
      const path = await step('open', () => reader.open(ciphertext));
      const enter = await step('ask', () => reader.askForCode(path));
      const code = await step('code', () =>
        mailbox.find(runId, (mail) => codeIn(mail, reader.referencesIn(enter)), signal),
      );
      const confirm = await step('prove', () => reader.enterCode(enter, code, path));
      await step('view', () => reader.view(confirm, path, words));
      return end(null);
    } catch (error) {
      const reason = error instanceof DomainError ? error.message : (error as Error).name;
      log.warn({ step: steps.at(-1)?.step, error: wordsOf(error) }, 'a canary mail did not go the whole way');
      return end(this.stopping.signal.aborted ? 'this process stopped meanwhile' : reason);
    }
  }
}

/** Who the canary is, in the directory and in the record. @throws PersonDirectoryUnavailable, EventStoreUnavailable */
export async function appointedCanary({
  persons,
  eventStore,
  clock,
  mailbox: { address },
}: Pick<CanaryParts, 'persons' | 'eventStore' | 'clock' | 'mailbox'>): Promise<PersonId> {
  const { personId } = await persons.findOrCreate(address);
  await appointCanary(eventStore, personId, clock.now());
  return personId;
}

/** @throws EphemeralStoreUnavailable */
export function canaryStandingIn(store: EphemeralStore): Promise<CanaryStanding | null> {
  return getJson(store, STANDING_KEY, parseCanaryStanding);
}

function canaryMail(address: MailAddress, words: string, at: string): Buffer {
  const date = new Date(at).toUTCString().replace('GMT', '+0000');
  const lines = [
    ...[`From: <${address}>`, `To: <${address}>`, 'Subject: Canary mail', `Date: ${date}`],
    ...['Auto-Submitted: auto-generated', 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=us-ascii', ''],
    ...['Segl sent this to itself, to see that sealed mail can be read.', `The words of this one: ${words}`, ''],
  ];
  return Buffer.from(lines.join('\r\n'));
}

/** Null for any other mail. */
function ciphertextOf(mail: Buffer, messageId: MessageId): Buffer | null {
  if (!mail.includes(`Segl-Message: ${messageId}`)) return null;
  const reader = new CarrierReader();
  try {
    return Buffer.concat([reader.push(mail), reader.end()]);
  } catch (cause) {
    if (cause instanceof NotACarrier) throw new CanaryStopped(`the carrier came altered (${cause.reason})`, { cause });
    throw cause;
  }
}

/** Of the code mail that a page is about, from its body; null for any other, such as a late one of the run before. */
function codeIn(mail: Buffer, references: readonly string[]): string | null {
  const text = mail.toString('latin1');
  if (/^Segl-Message:/im.test(text)) return null;
  const body = text.slice(Math.max(0, text.search(/\r?\n\r?\n/)));
  if (!references.some((reference) => new RegExp(`\\b${reference}\\b`).test(body))) return null;
  return /(?<![\dA-Z])(\d{4} \d{4}|(?:[A-Z2-7]{4} ){3}[A-Z2-7]{4})(?![\dA-Z])/.exec(body)?.[1] ?? null;
}

function wordsOf(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause;
  return `${String(error)}${cause === undefined ? '' : `; because of ${String(cause)}`}`;
}
