import { CommandBus } from '@nestjs/cqrs';
import { Injectable } from '@nestjs/common';
import { EventStore, readState } from '#libs/event-store';
import { Keyring, PersonDirectory } from '#libs/keyring';
import { MailReader, MailRelay } from '#libs/mail';
import type { CarriedSeal } from '#libs/mail';
import { messageStream, sealedMessages } from '#libs/sealing';
import { Clock, Turns, plusSeconds } from '#libs/vocabulary';

import { PassOnMail } from '../outgoing-mail.ts';
import type { OutgoingMail, SmtpAnswer, StoredMail } from '../outgoing-mail.ts';
import { decideTreatment } from '../policy/decide-treatment.ts';
import type { MailFacts } from '../policy/mail-facts.ts';

import { readMailFacts } from '../policy/read-mail-facts.ts';
import { mayWriteAs } from '../senders.ts';
import type { Attempt } from './attempt.ts';
import { GatewayBusy, answerOfFailure } from './failures.ts';
import { lookAtMail } from './look-at-mail.ts';
import { conclude, taken } from './outcomes.ts';
import type { RefusedOutcome } from './outcomes.ts';
import { PolicyInForce } from './policy-in-force.ts';
import { RelayMail } from './relay-mail.ts';
import { PassingOnSettings } from './settings.ts';

/** Mails that are held whole to be looked at: each once in memory, at most `maxMailBytes`. */
const LOOKED_AT_AT_ONCE = 2;
const MAX_IN_LINE = 200;
/** Seconds that clocks of gateways may differ by, and that an attempt may take to notice that its time is over. */
const CLAIM_SLACK_SECONDS = 15;

/**
 * One mail, all its recipients: what policy says is done for each, and recorded; then one answer. There is no queue: 250 means
 * that the next hop has it, for everybody who will ever get it.
 */
@Injectable()
export class PassOnMailByPolicy extends PassOnMail {
  private readonly lookingTurns = new Turns({
    atOnce: LOOKED_AT_AT_ONCE,
    maxInLine: MAX_IN_LINE,
    refusal: () => new GatewayBusy(),
  });
  private readonly relayMail: RelayMail;

  constructor(
    private readonly store: EventStore,
    persons: PersonDirectory,
    keyring: Keyring,
    relay: MailRelay,
    commands: CommandBus,
    private readonly reader: MailReader,
    private readonly clock: Clock,
    private readonly policies: PolicyInForce,
    private readonly settings: PassingOnSettings,
  ) {
    super();
    this.relayMail = new RelayMail(store, persons, keyring, relay, commands, clock, settings);
  }

  override async passOn(mail: OutgoingMail, signal: AbortSignal): Promise<SmtpAnswer> {
    try {
      return await this.attempt(mail, signal);
    } catch (error) {
      this.settings.onFault?.(error);
      return answerOfFailure(error);
    }
  }

  private async attempt(mail: OutgoingMail, stopped: AbortSignal): Promise<SmtpAnswer> {
    const { attemptSeconds } = this.settings;
    const now = this.clock.now();
    const timeUp = AbortSignal.timeout(attemptSeconds * 1000);
    const { policy } = this.policies;
    const facts = await this.lookingTurns.take(async () =>
      readMailFacts(await wholeMail(mail.mail), mail.mailFrom, policy, this.reader, (seal) => this.isRecorded(seal)),
    );
    const foreign = foreignAuthor(mail, facts);
    if (foreign) return foreign;
    const attempt: Attempt = {
      mail,
      look: await lookAtMail(mail.mail, facts.header),
      policy,
      endsBy: plusSeconds(now, attemptSeconds + CLAIM_SLACK_SECONDS),
      timeUp,
      isOver: () => timeUp.aborted || stopped.aborted,
    };
    const outcomes = await this.relayMail.toAll(
      attempt,
      mail.recipients.map((recipient) => ({ recipient, decision: decideTreatment(policy, facts, recipient) })),
    );
    const conclusion = conclude(outcomes);
    return conclusion.kind === 'answer' ? conclusion.answer : this.report(attempt, conclusion.refused);
  }

  /** Expired or revoked too: it is sealed all the same. */
  private async isRecorded({ messageId, ciphertextSha256 }: CarriedSeal): Promise<boolean> {
    const { state } = await readState(this.store, messageStream(messageId), sealedMessages);
    return state.status !== 'unknown' && state.ciphertextSha256 === ciphertextSha256;
  }

  /** The sender learns who will not get it, before the sending server is told that all is done. */
  private async report(attempt: Attempt, refused: readonly RefusedOutcome[]): Promise<SmtpAnswer> {
    if (attempt.mail.mailFrom === null) return taken(); // nobody is told of what became of a bounce (RFC 5321 §4.5.5)
    const outcome = await this.relayMail.report(attempt, attempt.mail.mailFrom, refused);
    // Refused: the sending server then reports itself, and says rather too much than nothing.
    return outcome.kind === 'taken' ? taken() : outcome.answer;
  }
}

/** Recipients see the header, not the envelope: everybody whom it names as author or sender must be whom the client may write as. */
function foreignAuthor({ senders, mailFrom }: OutgoingMail, { authors, machineMail }: MailFacts): SmtpAnswer | null {
  if (mailFrom === null || machineMail !== null) return null; // a bounce, or a list's, names whom it is about
  if (authors.every((author) => mayWriteAs({ senders }, author))) return null;
  return {
    code: 550,
    enhanced: '5.7.1',
    words: 'this client may not write as the author or sender that the header names',
  };
}

async function wholeMail(mail: StoredMail): Promise<Buffer> {
  const whole = Buffer.allocUnsafeSlow(mail.bytes);
  let at = 0;
  for await (const piece of mail.content()) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole.subarray(0, at);
}
