import { createHash } from 'node:crypto';
import type { CommandBus } from '@nestjs/cqrs';
import type { EventStore } from '#libs/event-store';
import type { Keyring, Person, PersonDirectory } from '#libs/keyring';
import { carrierNeedsUtf8, headerText, RelayUnavailable } from '#libs/mail';
import type { MailRelay } from '#libs/mail';
import { MailTooLarge, SealMessage } from '#libs/sealing';
import { Turns } from '#libs/vocabulary';
import type { Clock, MailAddress } from '#libs/vocabulary';
import type { SmtpAnswer } from '../outgoing-mail.ts';
import type { PolicyDecision } from '../policy/decide-treatment.ts';
import { subjectTagsOf } from '../policy/policy.ts';
import type { SealTerms } from '../policy/policy.ts';
import type { Attempt } from './attempt.ts';
import { GatewayBusy, answerOfFailure } from './failures.ts';
import { relayingIdOf } from './kept-seal.ts';
import { nonDeliveryReport } from './non-delivery-report.ts';
import { answerOfHop } from './outcomes.ts';
import type { RecipientOutcome, RefusedOutcome } from './outcomes.ts';
import { receivedLine } from './received-line.ts';
import { RelayingEnds } from './relaying-ends.ts';
import type { OneRelaying } from './relaying-ends.ts';
import { RelayingClaims } from './relaying-claims.ts';
import type { Claimed } from './relaying-claims.ts';
import { beginSeal, carrierContent, keptTextOf, profileFor, sealedMailFacts, takeUpSeal } from './seal-beginning.ts';
import type { PassingOnSettings } from './settings.ts';

/** Seals written at once: each holds under 2 MiB, and the relay has fewer connections. */
const SEALS_AT_ONCE = 8;
const MAX_SEALS_IN_LINE = 1000;
/** The rule of a report, as it is recorded. */
const REPORT_RULE = 'report';

export interface DecidedRecipient {
  readonly recipient: MailAddress;
  readonly decision: PolicyDecision;
}

/** A mail to the next hop, for each recipient as it was decided: once, whoever tries it how often. */
export class RelayMail {
  private readonly claims: RelayingClaims;
  private readonly ends: RelayingEnds;
  private readonly sealTurns = new Turns({
    atOnce: SEALS_AT_ONCE,
    maxInLine: MAX_SEALS_IN_LINE,
    refusal: () => new GatewayBusy(),
  });

  constructor(
    store: EventStore,
    private readonly persons: PersonDirectory,
    private readonly keyring: Keyring,
    private readonly relay: MailRelay,
    private readonly commands: CommandBus,
    private readonly clock: Clock,
    private readonly settings: PassingOnSettings,
  ) {
    this.claims = new RelayingClaims(store);
    this.ends = new RelayingEnds(this.claims, clock, settings);
  }

  /** In the order of the recipients. Never rejects: what fails for one is that one's outcome. */
  async toAll(attempt: Attempt, decided: readonly DecidedRecipient[]): Promise<RecipientOutcome[]> {
    const unreached = await this.unreached(attempt, decided);
    if (unreached !== null) return decided.map(({ recipient }) => ({ recipient, kind: 'deferred', answer: unreached }));
    const passing = decided.filter(({ decision }) => decision.treatment.action === 'pass');
    const [inClear, ...others] = await Promise.all([
      this.inClear(attempt, passing),
      ...decided
        .filter((each) => !passing.includes(each))
        .map((each) => this.guarded(each.recipient, () => this.sealedOrRefused(attempt, each))),
    ]);
    const outcomes = new Map([...inClear, ...others].map((outcome) => [outcome.recipient, outcome]));
    return decided.map(({ recipient }) => outcomes.get(recipient) as RecipientOutcome);
  }

  /**
   * While nobody can be reached to take a mail, a try of it leaves nothing in the record, however often it comes.
   * @returns null where somebody is there, or nobody is needed
   */
  private async unreached({ mail }: Attempt, decided: readonly DecidedRecipient[]): Promise<SmtpAnswer | null> {
    if (decided.every(({ decision }) => decision.treatment.action === 'refuse')) return null;
    try {
      await this.relay.checkReachable();
      return null;
    } catch (error) {
      if (!(error instanceof RelayUnavailable)) throw error;
      const { reply, replyCode, enhancedStatus } = error;
      for (const { decision } of decided)
        this.settings.onNotice?.({
          ...{ treatment: 'none', outcome: 'deferred', replyCode, enhancedStatus },
          ...{ rule: decision.rule, clientId: mail.client },
        });
      return answerOfHop('deferred', reply, replyCode, enhancedStatus);
    }
  }

  /** Tells the sender that some will not get the mail, once, however often the mail is tried. */
  report(attempt: Attempt, sender: MailAddress, refused: readonly RefusedOutcome[]): Promise<RecipientOutcome> {
    return this.guarded(sender, async () => {
      const who = refused.map(({ recipient }) => recipient).toSorted();
      const about = createHash('sha256').update('segl report\0').update(attempt.look.sameMail).update(who.join('\0'));
      const person = await this.persons.findOrCreate(sender);
      const one = this.oneOf(attempt, person, sender, REPORT_RULE, null);
      const relayingId = relayingIdOf(person, null, about.digest());
      const claimed = await this.claimClear(attempt, { ...one, relayingId });
      if (claimed === null || 'kind' in claimed) return claimed ?? this.ends.stopped(one);
      const content = nonDeliveryReport({
        refused,
        to: sender,
        from: this.settings.reportsFrom,
        reportId: relayingId,
        header: attempt.look.header,
        host: this.settings.publicUrl.hostname,
        locales: this.settings.organisation.locales,
        timeZone: this.settings.organisation.timeZone ?? 'UTC',
        now: this.clock.now(),
      });
      const kind = 'report' as const;
      const [outcome] = await this.relay.sendToAll({
        mailFrom: '',
        recipients: [sender],
        content,
        kind,
        signal: attempt.timeUp,
      });
      return this.ends.clear(one, claimed, outcome);
    });
  }

  private async sealedOrRefused(
    attempt: Attempt,
    { recipient, decision }: DecidedRecipient,
  ): Promise<RecipientOutcome> {
    const { treatment, rule } = decision;
    const person = await this.persons.findOrCreate(recipient);
    const one = this.oneOf(attempt, person, recipient, rule, await this.senderOf(attempt));
    if (treatment.action === 'refuse') return this.ends.refusedByPolicy(one, treatment.reason);
    if (treatment.action === 'pass') throw new Error('passed by another way');
    return this.sealTurns.take(() => this.sealed(attempt, one, person, treatment.terms));
  }

  private async sealed(
    attempt: Attempt,
    one: OneRelaying,
    person: Person,
    terms: SealTerms,
  ): Promise<RecipientOutcome> {
    const { mail, look, policy } = attempt;
    const { settings } = this;
    if (mail.mail.bytes > settings.maxMailBytes) throw new MailTooLarge(settings.maxMailBytes);
    if (attempt.isOver()) return this.ends.stopped(one);
    const organisation = profileFor(settings.organisation, terms, look.header, subjectTagsOf(policy));
    const facts = sealedMailFacts(look.header, mail.mailFrom, settings.organisation);
    const claim = await this.claims.claim(
      { ...one, treatment: 'sealed', now: this.clock.now(), endsBy: attempt.endsBy },
      {
        begin: () =>
          beginSeal(
            mail.mail,
            look,
            {
              terms,
              rule: one.rule,
              sender: facts.sender,
              recipient: one.recipient,
              sealedAt: this.clock.now(),
              keys: {
                recipient: settings.sealingRecipient?.() ?? this.keyring.sealingRecipient(),
                signer: this.keyring.manifestSigner(),
              },
            },
            settings,
          ),
        keep: (seal) => ({ messageId: seal.messageId, keptSeal: keptTextOf(seal, person, look) }),
        resume: async (messageId, keptSeal) =>
          messageId === null || keptSeal === null
            ? null
            : takeUpSeal(keptSeal, messageId, {
                person,
                mail: mail.mail,
                look,
                now: this.clock.now(),
                maxMailBytes: settings.maxMailBytes,
              }),
      },
    );
    if (claim.kind !== 'claimed') return this.ends.notClaimed(one, claim.kind);
    const { begun } = claim.claimed;
    const { senderName } = facts;
    const options = {
      senderName,
      ...(settings.recordMailSubject && { mailSubject: headerText(look.header.first('subject')) }),
    };
    const [outcome] = await this.relay.sendToAll({
      mailFrom:
        mail.mailFrom === null ? '' : (settings.senderOfCarrier?.(begun.messageId, mail.mailFrom) ?? mail.mailFrom),
      recipients: [one.recipient],
      smtpUtf8: carrierNeedsUtf8(look.header, { ...facts, recipient: one.recipient }),
      content: carrierContent(begun, facts, { ...settings, organisation }, async (seal) => {
        await this.noticingFaults(() => this.commands.execute(new SealMessage(seal, options)));
      }),
      kind: 'carrier',
      signal: attempt.timeUp,
    });
    return this.ends.sealed(one, claim.claimed, begun.messageId, outcome);
  }

  /** All who get the mail as it is, in one transaction. */
  private async inClear(attempt: Attempt, decided: readonly DecidedRecipient[]): Promise<RecipientOutcome[]> {
    const { mail } = attempt;
    const ended: RecipientOutcome[] = [];
    const claimed = new Map<MailAddress, { readonly one: OneRelaying; readonly claimed: Claimed<null> }>();
    for (const { recipient, decision } of decided) {
      const outcome = await this.guarded(recipient, async () => {
        const person = await this.persons.findOrCreate(recipient);
        const one = this.oneOf(attempt, person, recipient, decision.rule, await this.senderOf(attempt));
        const claim = await this.claimClear(attempt, one);
        if (claim !== null && 'kind' in claim) return claim;
        if (claim === null) return this.ends.stopped(one);
        claimed.set(recipient, { one, claimed: claim });
        return null;
      });
      if (outcome !== null) ended.push(outcome);
    }
    if (claimed.size === 0) return ended;
    const line = Buffer.from(
      receivedLine(mail.session, { host: this.settings.publicUrl.hostname, now: this.clock.now() }),
    );
    const outcomes = await this.relay.sendToAll({
      mailFrom: mail.mailFrom ?? '',
      recipients: [...claimed.keys()],
      content: async function* () {
        yield line;
        yield* mail.mail.content();
      },
      contentBytes: line.length + mail.mail.bytes,
      smtpUtf8: mail.smtpUtf8,
      eightBit: mail.eightBit,
      kind: 'passed',
      signal: attempt.timeUp,
    });
    const passed = await Promise.all(
      outcomes.map((outcome) => {
        const each = claimed.get(outcome.recipient);
        if (each === undefined) throw new Error('an outcome for somebody else');
        return this.ends.clear(each.one, each.claimed, outcome);
      }),
    );
    return [...ended, ...passed];
  }

  private async claimClear(attempt: Attempt, one: OneRelaying): Promise<Claimed<null> | RecipientOutcome | null> {
    if (attempt.isOver()) return null;
    const claim = await this.claims.claim<null>(
      { ...one, treatment: 'clear', now: this.clock.now(), endsBy: attempt.endsBy },
      { begin: () => null, keep: () => null, resume: async () => null },
    );
    return claim.kind === 'claimed' ? claim.claimed : this.ends.notClaimed(one, claim.kind);
  }

  private oneOf(
    { mail, look }: Attempt,
    person: Person,
    recipient: MailAddress,
    rule: string,
    sender: Person | null,
  ): OneRelaying {
    return {
      recipient,
      recipientId: person.personId,
      senderId: sender?.personId ?? null,
      rule,
      clientId: mail.client,
      relayingId: relayingIdOf(person, mail.mailFrom, look.sameMail),
    };
  }

  private async senderOf({ mail }: Attempt): Promise<Person | null> {
    return mail.mailFrom === null ? null : this.persons.findOrCreate(mail.mailFrom);
  }

  private async guarded<Outcome>(
    recipient: MailAddress,
    work: () => Promise<Outcome>,
  ): Promise<Outcome | RecipientOutcome> {
    try {
      return await this.noticingFaults(work);
    } catch (error) {
      const answer = answerOfFailure(error);
      return { recipient, kind: answer.code >= 500 ? 'refused' : 'deferred', answer };
    }
  }

  private async noticingFaults<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.settings.onFault?.(error);
      throw error;
    }
  }
}
