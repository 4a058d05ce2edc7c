import type { RelayOutcome } from '#libs/mail';
import type { Clock, MailAddress, MessageId, PersonId } from '#libs/vocabulary';
import { answerOfHop, safeWords } from './outcomes.ts';
import type { RecipientOutcome } from './outcomes.ts';
import type { Claimed, RelayingClaims } from './relaying-claims.ts';
import type { RelayingEvent } from './relaying-events.ts';
import { relayingStream } from './relaying.ts';
import type { RelayingId } from './relaying.ts';
import type { PassingOnSettings, RelayingNotice } from './settings.ts';

/** What stays the same of one mail to one recipient. */
export interface OneRelaying {
  readonly recipient: MailAddress;
  readonly recipientId: PersonId;
  /** Null: the null reverse-path. */
  readonly senderId: PersonId | null;
  readonly rule: string;
  readonly clientId: string;
  readonly relayingId: RelayingId;
}

type Hop = Pick<RelayOutcome, 'status' | 'replyCode' | 'enhancedStatus' | 'reply'>;
const NO_REPLY = { replyCode: 0, enhancedStatus: '4.3.2' };

/** How a try for one recipient ends: recorded, noticed, and as an outcome. */
export class RelayingEnds {
  constructor(
    private readonly claims: RelayingClaims,
    private readonly clock: Clock,
    private readonly settings: Pick<PassingOnSettings, 'onNotice' | 'onFault'>,
  ) {}

  async sealed(
    one: OneRelaying,
    claimed: Claimed<unknown>,
    messageId: MessageId,
    hop: Hop | undefined,
  ): Promise<RecipientOutcome> {
    const relayed = (): RelayingEvent => ({
      type: 'CarrierRelayed',
      data: { ...recordOf(one), messageId, relayedAt: this.clock.now() },
    });
    return this.ended(one, claimed, { treatment: 'sealed', messageId }, hop, relayed);
  }

  async clear(one: OneRelaying, claimed: Claimed<unknown>, hop: Hop | undefined): Promise<RecipientOutcome> {
    const passedOn = (): RelayingEvent => ({
      type: 'MailPassedOn',
      data: { ...recordOf(one), passedOnAt: this.clock.now() },
    });
    return this.ended(one, claimed, { treatment: 'clear' }, hop, passedOn);
  }

  async refusedByPolicy(one: OneRelaying, reason: string): Promise<RecipientOutcome> {
    const answer = { code: 550, enhanced: '5.7.1', words: safeWords(reason) };
    const refused = this.refusal(one, 'policy', answer.code, answer.enhanced);
    await this.recorded(() => this.claims.end({ stream: relayingStream(one.relayingId) }, refused));
    this.notice(one, { treatment: 'none', outcome: 'refused', replyCode: 0, enhancedStatus: answer.enhanced });
    return { recipient: one.recipient, kind: 'refused', answer };
  }

  notClaimed(one: OneRelaying, why: 'taken-before' | 'under-way'): RecipientOutcome {
    this.notice(one, { treatment: 'none', outcome: why, ...NO_REPLY });
    const { recipient } = one;
    if (why === 'taken-before') return { recipient, kind: 'taken' };
    const answer = { code: 451, enhanced: '4.3.0', words: 'this mail is being sent already; try again later' };
    return { recipient, kind: 'deferred', answer };
  }

  /** Not begun: the process stops, or the time of the attempt is over. */
  stopped(one: OneRelaying): RecipientOutcome {
    this.notice(one, { treatment: 'none', outcome: 'deferred', ...NO_REPLY });
    const answer = { code: 451, enhanced: '4.3.2', words: 'not begun for this recipient; try again' };
    return { recipient: one.recipient, kind: 'deferred', answer };
  }

  private async ended(
    one: OneRelaying,
    claimed: Claimed<unknown>,
    what: Pick<RelayingNotice, 'treatment' | 'messageId'>,
    hop: Hop | undefined,
    takenEvent: () => RelayingEvent,
  ): Promise<RecipientOutcome> {
    const { status, replyCode, enhancedStatus, reply } = hop ?? { status: 'unavailable', ...NO_REPLY, reply: '' };
    const { recipient } = one;
    const said = { ...what, replyCode, enhancedStatus };
    switch (status) {
      case 'taken':
        // Unrecorded it would be sent once more; the next hop has it in any case, and that is what the answer says.
        await this.recorded(() => this.claims.end(claimed, takenEvent()));
        this.notice(one, { ...said, outcome: 'taken' });
        return { recipient, kind: 'taken' };
      case 'refused':
        await this.recorded(() => this.claims.end(claimed, this.refusal(one, 'next-hop', replyCode, enhancedStatus)));
        this.notice(one, { ...said, outcome: 'refused' });
        return { recipient, kind: 'refused', answer: answerOfHop('refused', reply, replyCode, enhancedStatus) };
      case 'unavailable': {
        const data = { deferredAt: this.clock.now(), replyCode, enhancedStatus };
        await this.recorded(() => this.claims.letGo(claimed, { type: 'RelayingDeferred', data }));
        this.notice(one, { ...said, outcome: 'deferred' });
        return { recipient, kind: 'deferred', answer: answerOfHop('deferred', reply, replyCode, enhancedStatus) };
      }
    }
  }

  private refusal(
    one: OneRelaying,
    by: 'policy' | 'next-hop',
    replyCode: number,
    enhancedStatus: string,
  ): RelayingEvent {
    const data = { ...recordOf(one), by, replyCode, enhancedStatus, refusedAt: this.clock.now() };
    return { type: 'MailRefused', data };
  }

  /** What is done is done: that it could not be recorded is a fault for the operator, and changes no answer. */
  private async recorded(record: () => Promise<void>): Promise<void> {
    try {
      await record();
    } catch (error) {
      this.settings.onFault?.(error);
    }
  }

  private notice({ rule, clientId }: OneRelaying, notice: Omit<RelayingNotice, 'rule' | 'clientId'>): void {
    this.settings.onNotice?.({ ...notice, rule, clientId });
  }
}

function recordOf({ senderId, recipientId, rule, clientId }: OneRelaying) {
  return { senderId, recipientId, rule, clientId };
}
