import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { decideAndAppend } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { RelayRefused, RelayUnavailable } from '#libs/mail';
import type { MailRelay, OutgoingMail } from '#libs/mail';
import { plusSeconds, secondsBetween } from '#libs/vocabulary';
import type { Clock, Instant, PersonId } from '#libs/vocabulary';
import type { ViewEngine } from '#libs/web-ui';
import type { Challenges, CodeDelivery } from '../challenges.ts';
import { passcodes, passcodeStream } from '../passcode.ts';
import type { DeliveryFailure, PasscodeEvent } from '../passcode.ts';
import type { PasscodeSettings } from '../settings.ts';
import { composeCodeMail } from './code-mail.ts';
import type { CodeMailFacts } from './code-mail.ts';

export interface CodeMailJob extends CodeMailFacts {
  readonly personId: PersonId;
  readonly expiresAt: Instant;
}

export interface CodeMailsOptions {
  /** Seconds before the second try, before the third, and so on. */
  readonly retryAfterSeconds: readonly number[];
  /** Seconds between further tries, for as long as the code is good; null: there are none. */
  readonly thenEverySeconds: number | null;
  /** Mails that may be on their way at once, those that wait for another try included. */
  readonly maxJobs: number;
  /** How long a stop waits for what is being sent. */
  readonly stopSeconds: number;
}

const DEFAULTS: CodeMailsOptions = {
  retryAfterSeconds: [15, 30, 45, 90], // at 15, 45, 90 and 180 s: what greylists takes the second try after 1 to 5 minutes
  thenEverySeconds: 120,
  maxJobs: 2000,
  stopSeconds: 5,
};

/**
 * Code mails on their way, in memory and nowhere else, for as long as their code is good. What becomes of each is shown on the
 * challenge's page and recorded. Whatever fails here fails no request.
 */
export class CodeMails implements BeforeApplicationShutdown {
  private readonly logger = new Logger('passcode');
  private readonly options: CodeMailsOptions;
  private readonly underWay = new Set<Promise<void>>();
  private readonly stop = new AbortController();

  constructor(
    private readonly relay: MailRelay,
    private readonly views: ViewEngine,
    private readonly challenges: Challenges,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: PasscodeSettings,
    options: Partial<CodeMailsOptions> = {},
  ) {
    this.options = { ...DEFAULTS, ...options };
  }

  get isFull(): boolean {
    return this.underWay.size >= this.options.maxJobs || this.stop.signal.aborted;
  }

  /** Takes a mail on and returns at once; it is sent when the answer to the request has had its turn. The code is wiped once it stands in its mail. */
  send(job: CodeMailJob): void {
    const sending: Promise<void> = new Promise((resume) => setImmediate(resume))
      .then(() => this.deliver(job))
      .catch((error: unknown) => this.logger.error(`a code mail was given up: ${nameOf(error)}`))
      .finally(() => this.underWay.delete(sending));
    this.underWay.add(sending);
  }

  /** Lets what is being sent finish for a moment; what waits for another try is given up, and its page says so. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await Promise.race([
      Promise.allSettled([...this.underWay]),
      sleep(this.options.stopSeconds * 1000, undefined, { ref: false }),
    ]);
  }

  private async deliver(job: CodeMailJob): Promise<void> {
    let content: Buffer;
    try {
      content = await composeCodeMail(job, this.settings, this.views);
    } finally {
      job.code.fill(0);
    }
    const { returnPath } = this.settings;
    try {
      await this.tryUntilTaken({ mailFrom: returnPath, rcptTo: job.address, content, kind: 'passcode' }, job);
    } finally {
      content.fill(0);
    }
  }

  private async tryUntilTaken(mail: OutgoingMail, job: CodeMailJob): Promise<void> {
    const endsAtMs = performance.now() + secondsBetween(job.issuedAt, job.expiresAt) * 1000; // a clock that is set changes nothing
    for (let tries = 1; ; tries++) {
      const failure = await this.tryOnce(mail, job, tries);
      if (failure === null) return;
      const waitSeconds = this.options.retryAfterSeconds[tries - 1] ?? this.options.thenEverySeconds;
      const isOver = performance.now() + (waitSeconds ?? 0) * 1000 >= endsAtMs;
      if (failure === 'refused' || waitSeconds === null || isOver) return this.giveUp(job, tries, failure);
      const nextTryAt = plusSeconds(this.clock.now(), waitSeconds);
      const told = { status: 'trying-again', at: this.clock.now(), nextTryAt } as const;
      if (!(await this.tell(job, told))) return this.giveUp(job, tries, 'superseded');
      try {
        await sleep(waitSeconds * 1000, undefined, { ref: false, signal: this.stop.signal });
      } catch {
        return this.giveUp(job, tries, 'unreachable'); // stopping: nobody will try again
      }
    }
  }

  /** @returns null when the relay has taken the mail */
  private async tryOnce(
    mail: OutgoingMail,
    job: CodeMailJob,
    tries: number,
  ): Promise<'refused' | 'unreachable' | null> {
    try {
      const { acceptedAt } = await this.relay.send(mail);
      await this.tell(job, { status: 'taken', at: acceptedAt });
      const { challengeId, codeNumber } = job;
      await this.record(job, {
        type: 'OtpDelivered',
        data: { challengeId, codeNumber, deliveredAt: acceptedAt, tries },
      });
      return null;
    } catch (error) {
      if (error instanceof RelayRefused) {
        this.logger.warn(`the relay refused a code mail for good (${statusOf(error)})`);
        return 'refused';
      }
      if (error instanceof RelayUnavailable) return 'unreachable';
      throw error;
    }
  }

  private async giveUp(job: CodeMailJob, tries: number, failure: DeliveryFailure): Promise<void> {
    const { challengeId, codeNumber } = job;
    const failedAt = this.clock.now();
    await this.tell(job, { status: failure === 'refused' ? 'refused' : 'failed', at: failedAt });
    await this.record(job, {
      type: 'OtpDeliveryFailed',
      data: { challengeId, codeNumber, failedAt, tries, failure },
    });
  }

  /** @returns whether anybody still waits for this code */
  private tell({ challengeId, codeNumber }: CodeMailJob, delivery: CodeDelivery): Promise<boolean> {
    return this.challenges.tellDelivery(challengeId, codeNumber, delivery);
  }

  private async record({ personId }: CodeMailJob, event: PasscodeEvent): Promise<void> {
    await decideAndAppend(this.store, passcodeStream(personId), passcodes, () => [event]);
  }
}

/** Its numbers alone: its words may name the address. */
function statusOf({ reply, replyCode }: RelayRefused): string {
  const enhanced = /^\d{3}[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(reply)?.[1];
  return enhanced === undefined ? String(replyCode) : `${replyCode} ${enhanced}`;
}

/** The kind of an error: its words may quote a mail server, and so an address. */
function nameOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name);
}
