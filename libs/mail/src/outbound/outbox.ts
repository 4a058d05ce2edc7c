import { DomainError, SteadyClock, SystemClock, secondsBetween } from '#libs/vocabulary';
import type { MailAddress, MessageId } from '#libs/vocabulary';
import { DueTimes, longestWaitSeconds } from './due-times.ts';
import { RelayRefused, RelayUnavailable } from './mail-relay.ts';
import { oldestInOutbox } from './oldest-in-outbox.ts';
import { OutboxSpool } from './outbox-spool.ts';
import type { DeliveryOutcome, OutboxOptions } from './outbox-options.ts';
import type { ClaimedCarrier, Withdrawn } from './outbox-spool.ts';
import { OutcomeNotes } from './outcome-notes.ts';
import type { CarrierOutcome } from './outcome-notes.ts';
import { guarded, readEnvelope } from './staged-file.ts';
import type { CarrierEnvelope, StagedFile } from './staged-file.ts';

/** No connection: everything waits a second, then twice as long each time, up to a minute. */
const MAX_PAUSE_MS = 60_000;
/** 5 min: a relay that could not be reached is tried again soon after it is back. */
const MAX_UNREACHED_RETRY_SECONDS = 300;
/** 5: a clock that jumps a week ahead, or a week without this process, makes no carrier be given up after a single try. */
const MIN_TRIES = 5;
const UNREADABLE_RETRY_MS = 60_000;
const WITHDRAWAL_LOOK_MS = 200;
const HOUSEKEEPING_INTERVAL_MS = 3_600_000;

/**
 * Carriers that wait for the relay, on disk: ciphertext, envelope and what the carrier shows anyway, never plaintext. A committed
 * carrier survives a crash at any moment and is tried until the relay has taken it, has refused it for good, or five days have
 * passed. It is gone from the disk once the relay has acknowledged it; a crash between the two sends it a second
 * time (at least once, RFC 1047), with the same Message-ID and the same seal, by which doubles can be told.
 * Of several processes on one directory one sends each carrier, and the others take over when it dies.
 */
export class Outbox {
  private readonly spool: OutboxSpool;
  private readonly options: Required<OutboxOptions>;
  private readonly underWay = new Set<Promise<void>>();
  private readonly awaited = new Map<MessageId, (outcome: DeliveryOutcome['outcome']) => void>();
  private readonly dueTimes: DueTimes;
  /** By which a carrier is given up, or removed for good. */
  private readonly steady: SteadyClock;
  private readonly notes: OutcomeNotes;
  private due: string[] = [];
  private unsettled: StagedFile[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private pauseMs = 0;
  private pausedUntilMs = -Infinity;
  private isRunning = false;
  private scanning: Promise<void> | null = null;

  private constructor(spool: OutboxSpool, options: OutboxOptions) {
    this.spool = spool;
    this.options = {
      onOutcome: () => undefined,
      record: () => Promise.resolve(),
      onFault: () => undefined,
      concurrency: 3,
      firstRetrySeconds: 60,
      maxRetrySeconds: 3600,
      giveUpAfterSeconds: 5 * 86_400,
      keepRefusedSeconds: 30 * 86_400,
      keepHandedOutSeconds: 86_400,
      scanIntervalMs: 5_000,
      takeOverIntervalMs: 30_000,
      closeGraceMs: 10_000,
      clock: new SystemClock(),
      monotonicMs: () => performance.now(),
      ...options,
    };
    this.dueTimes = new DueTimes(this.options, this.options.monotonicMs);
    this.steady = new SteadyClock(this.options.clock, this.options.monotonicMs);
    this.notes = new OutcomeNotes(options.directory, this.options.record);
  }

  /** @throws OutboxUnavailable */
  static async open(options: OutboxOptions): Promise<Outbox> {
    return new Outbox(await OutboxSpool.open(options.directory), options);
  }

  /** Begins to deliver, and to take over from the dead. Without it an outbox only stores. */
  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    const { scanIntervalMs, takeOverIntervalMs } = this.options;
    this.every(scanIntervalMs, () => this.scan());
    this.every(takeOverIntervalMs, () => this.takeOver());
    this.every(HOUSEKEEPING_INTERVAL_MS, () => this.sweep());
    void this.faultless(async () => {
      await this.takeOver();
      await this.scan();
      await this.sweep();
    });
  }

  /** A new carrier, to be written, finished, and then committed or discarded. @throws OutboxUnavailable */
  stage(envelope: Omit<CarrierEnvelope, 'stagedAt'>): Promise<StagedFile> {
    return this.spool.stage({ ...envelope, stagedAt: this.options.clock.now() });
  }

  /**
   * From here on the carriers will be sent, whatever happens. Once for each. Waits at most `awaitFirstTryMs` for the first tries.
   *
   * Never throws: what the disk does not take now is told as a fault and settled later, since its submission was accepted.
   *
   * @returns for each what the first try gave, `queued` where it gave nothing final yet
   */
  async commit(
    staged: readonly StagedFile[],
    { awaitFirstTryMs = 0 } = {},
  ): Promise<('relayed' | 'queued' | 'refused')[]> {
    let stopWaiting: () => void = () => undefined;
    const timeUp = new Promise<'queued'>((resolve) => (stopWaiting = () => resolve('queued')));
    const timer = setTimeout(stopWaiting, this.isRunning ? awaitFirstTryMs : 0);
    const outcomes = staged.map(async ({ envelope: { messageId } }) => {
      const outcome = await Promise.race([
        timeUp,
        new Promise<DeliveryOutcome['outcome']>((resolve) => this.awaited.set(messageId, resolve)),
      ]);
      this.awaited.delete(messageId);
      return outcome === 'relayed' ? 'relayed' : outcome === 'refused' ? 'refused' : 'queued';
    });
    try {
      this.due.push(...(await this.spool.enqueue(staged, this.nowMs())));
      this.deliverDue();
      return await Promise.all(outcomes);
    } catch (error) {
      this.settleLater(staged);
      stopWaiting();
      this.options.onFault(error as DomainError);
      return await Promise.all(outcomes);
    } finally {
      clearTimeout(timer);
      stopWaiting();
    }
  }

  /** Leaves staged carriers to `settle`: for when it is not known whether their submission was accepted. */
  settleLater(staged: readonly StagedFile[]): void {
    this.unsettled.push(...staged);
  }

  /** Keeps carriers that were handed out, so that the same request can be answered again. @throws OutboxUnavailable */
  keep(staged: readonly StagedFile[]): Promise<void> {
    return this.spool.keep(staged);
  }

  /** What was kept of a submission, in its order; empty once it is too old. */
  async kept(submissionId: string): Promise<Awaited<ReturnType<typeof readEnvelope>>[]> {
    const found = [];
    for (const path of await this.spool.keptOf(submissionId)) found.push(await readEnvelope(path));
    return found;
  }

  /** Of a committed carrier: still here, refused, or gone, which means taken by the relay. */
  async deliveryOf(messageId: MessageId): Promise<'relayed' | 'queued' | 'refused'> {
    return (await this.spool.whereIs(messageId)) ?? 'relayed';
  }

  /**
   * Takes back what names somebody: `OutboxSpool.withdraw`. What a process is sending at this moment is waited for, `waitMs` at most, since
   * it may come to lie in `refused`. Works beside running processes. @throws OutboxUnavailable
   */
  async withdraw(
    isMeant: (envelope: CarrierEnvelope) => boolean,
    address: MailAddress | null,
    { waitMs = 10_000 } = {},
  ): Promise<Withdrawn> {
    const withdrawn = new Set<MessageId>();
    const giveUpAtMs = performance.now() + waitMs;
    for (;;) {
      const found = await guarded('cannot take carriers back', () => this.spool.withdraw(isMeant, address));
      for (const messageId of found.withdrawn) withdrawn.add(messageId);
      if (found.underWay === 0 || performance.now() >= giveUpAtMs) return { ...found, withdrawn: [...withdrawn] };
      await new Promise((resume) => setTimeout(resume, WITHDRAWAL_LOOK_MS));
    }
  }

  /** For gauges: how many carriers are in which folder. */
  counts(): Promise<{ queued: number; sending: number; refused: number; staged: number }> {
    return this.spool.counts();
  }

  /** How long the oldest carrier has waited for the relay, in seconds; 0 where none waits. See `oldestInOutbox`. */
  oldestSeconds(): Promise<number> {
    return oldestInOutbox(this.options.directory, this.options.clock);
  }

  /** Whether a carrier would be taken now: for /readyz. @throws OutboxUnavailable */
  checkWritable(): Promise<void> {
    return this.spool.checkWritable();
  }

  /** Stops beginning deliveries, waits a while for those under way, and lets go of the directory. Before the relay is closed. */
  async close(): Promise<void> {
    this.isRunning = false;
    for (const timer of this.timers) clearInterval(timer);
    this.timers.clear();
    await this.scanning;
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.options.closeGraceMs)));
    await Promise.race([Promise.all(this.underWay), timeUp]);
    clearTimeout(timer);
    await this.spool.close();
  }

  private every(milliseconds: number, action: () => Promise<void>): void {
    const timer = setInterval(() => void this.faultless(action), milliseconds);
    timer.unref();
    this.timers.add(timer);
  }

  private async faultless(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (cause) {
      this.options.onFault(
        cause instanceof DomainError ? cause : new DomainError('outbox-fault', 'the outbox failed', { cause }),
      );
    }
  }

  /** Settles what processes that are gone have left, and records what could not be recorded before, now; done every half minute while this one delivers. @throws OutboxUnavailable */
  async takeOver(): Promise<void> {
    await this.faultless(() => this.notes.settle());
    const { settle } = this.options;
    const unsettled = this.unsettled.splice(0);
    try {
      const { requeued, undecided } = await this.spool.settle(unsettled, settle, this.nowMs());
      this.unsettled.push(...undecided);
      if (requeued > 0) await this.scan();
    } catch (error) {
      this.unsettled.push(...unsettled);
      throw error;
    } finally {
      if ((await this.spool.takeOver(settle, this.nowMs())) > 0) await this.scan();
    }
  }

  /** Removes what was refused or handed out long ago; done every hour while this one delivers. */
  async sweep(): Promise<void> {
    const { keepRefusedSeconds, keepHandedOutSeconds } = this.options;
    const nowMs = Date.parse(this.steady.now());
    await this.spool.sweep({
      refusedBeforeMs: nowMs - keepRefusedSeconds * 1000,
      keptBeforeMs: nowMs - keepHandedOutSeconds * 1000,
    });
  }

  private scan(): Promise<void> {
    this.scanning ??= (async () => {
      try {
        if (!this.isRunning) return;
        const names = await this.spool.queued();
        // Names that were committed while the folder was read may be missing from it: they stay.
        this.due = [...new Set([...this.due, ...this.dueTimes.dueOf(names, this.nowMs())])];
        this.deliverDue();
      } finally {
        this.scanning = null;
      }
    })();
    return this.scanning;
  }

  private deliverDue(): void {
    while (this.isRunning && this.underWay.size < this.options.concurrency && !this.isPaused()) {
      const name = this.due.shift();
      if (name === undefined) return;
      const delivery = this.faultless(() => this.deliver(name)).finally(() => {
        this.underWay.delete(delivery);
        this.deliverDue();
      });
      this.underWay.add(delivery);
    }
  }

  private async deliver(name: string): Promise<void> {
    const claimed = await this.spool.claim(name);
    if (!claimed) return;
    const { envelope, content, contentBytes } = await this.read(claimed);
    const tried = { ...claimed, attempts: claimed.attempts + 1 };
    try {
      const { mailFrom, rcptTo, smtpUtf8 = false } = envelope;
      const mail = { mailFrom, rcptTo, smtpUtf8, content, contentBytes, kind: 'carrier' } as const;
      const { reply } = await this.options.relay.send(mail);
      this.pauseMs = 0;
      const relayed = this.outcomeOf('relayed', envelope, tried, 250, reply);
      await this.finish(relayed, () => this.spool.remove(claimed));
    } catch (error) {
      if (error instanceof RelayRefused) await this.setAside('refused', envelope, tried, error);
      else if (error instanceof RelayUnavailable) await this.defer(envelope, tried, error);
      else throw error;
    }
  }

  /** What cannot be read now (disk, too many open files) is tried again later, and told each time. */
  private async read(claimed: ClaimedCarrier): ReturnType<typeof readEnvelope> {
    try {
      return await readEnvelope(claimed.path);
    } catch (error) {
      await this.spool.putBack(claimed, this.nowMs() + UNREADABLE_RETRY_MS);
      throw error;
    }
  }

  private async defer(envelope: CarrierEnvelope, tried: ClaimedCarrier, error: RelayUnavailable): Promise<void> {
    const isUnreached = error.replyCode === 0;
    if (isUnreached) {
      this.pauseMs = Math.min(MAX_PAUSE_MS, Math.max(1000, this.pauseMs * 2));
      this.pausedUntilMs = this.options.monotonicMs() + this.pauseMs;
    }
    const isOld = secondsBetween(envelope.stagedAt, this.steady.now()) >= this.options.giveUpAfterSeconds;
    if (isOld && tried.attempts >= MIN_TRIES) return this.setAside('expired', envelope, tried, error);
    const longest = longestWaitSeconds(tried.attempts, this.options);
    const wait = isUnreached ? Math.min(longest, MAX_UNREACHED_RETRY_SECONDS) : longest;
    // Half of it is chance, so that what failed together is not tried together.
    await this.spool.putBack(tried, this.nowMs() + wait * 1000 * (0.5 + Math.random() / 2));
    this.tell(this.outcomeOf('deferred', envelope, tried, error.replyCode, error.reply));
  }

  private async setAside(
    outcome: 'refused' | 'expired',
    envelope: CarrierEnvelope,
    tried: ClaimedCarrier,
    { reply, replyCode }: RelayRefused | RelayUnavailable,
  ): Promise<void> {
    const { attempts } = tried;
    const refused = this.outcomeOf(outcome, envelope, tried, replyCode, reply);
    const reason = { outcome, at: refused.at, attempts, replyCode, reply };
    await this.finish(refused, () => this.spool.refuse(tried, reason));
  }

  /** Noted, moved, recorded, said: in this order. What cannot be recorded now stays noted, and is said all the same. */
  private async finish(
    outcome: DeliveryOutcome & { readonly outcome: CarrierOutcome['outcome'] },
    move: () => Promise<void>,
  ): Promise<void> {
    const { messageId, submissionId, enhancedStatus, at } = outcome;
    const noted: CarrierOutcome = { outcome: outcome.outcome, messageId, submissionId, enhancedStatus, at };
    await this.notes.note(noted);
    await move();
    await this.faultless(() => this.notes.settleOne(noted));
    this.tell(outcome);
  }

  private outcomeOf<Outcome extends DeliveryOutcome['outcome']>(
    outcome: Outcome,
    { messageId, submissionId, stagedAt }: CarrierEnvelope,
    { attempts }: ClaimedCarrier,
    replyCode: number,
    reply: string,
  ): DeliveryOutcome & { readonly outcome: Outcome } {
    const enhancedStatus = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(reply)?.[1] ?? null;
    const at = this.options.clock.now();
    const secondsInOutbox = secondsBetween(stagedAt, at);
    return { outcome, messageId, submissionId, attempts, replyCode, enhancedStatus, secondsInOutbox, at };
  }

  private tell(outcome: DeliveryOutcome): void {
    this.awaited.get(outcome.messageId)?.(outcome.outcome);
    this.options.onOutcome(outcome);
  }

  private isPaused(): boolean {
    return this.options.monotonicMs() < this.pausedUntilMs;
  }

  /** By the clock on the wall: for what is written down. */
  private nowMs(): number {
    return Date.parse(this.options.clock.now());
  }
}
