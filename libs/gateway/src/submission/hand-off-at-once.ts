import { decideAndAppend } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { readEnvelope } from '#libs/mail';
import type { MailRelay, StagedFile } from '#libs/mail';
import { plusSeconds } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';
import { beginHandOff, submissions, submissionStream } from './submission.ts';
import type { HandOffFacts, Submission, SubmissionId } from './submission.ts';

/** 45 s: longer than a relay in order takes, and shorter than most programs wait for an answer. */
const SEND_SECONDS = 45;
/** Beyond it the same request may be handed to the relay by another gateway: an attempt surely has ended by then. */
const CLAIM_SECONDS = 60;

/** Carriers to the relay within the request that brings the mail: nothing waits on a disk that may be gone tomorrow. */
export class HandOffAtOnce {
  constructor(
    private readonly store: EventStore,
    private readonly relay: MailRelay,
    private readonly clock: Clock,
  ) {}

  /**
   * Claims the submission for this attempt, so that of several gateways one sends at a time.
   * @throws SubmissionUnderWay, SubmissionKeyReused, EventStoreUnavailable. @returns what stands there when it was accepted before
   */
  async claim(
    submissionId: SubmissionId,
    facts: Omit<HandOffFacts, 'begunAt' | 'endsBy'>,
  ): Promise<Extract<Submission, { status: 'accepted' }> | null> {
    const begunAt = this.clock.now();
    const claim: HandOffFacts = { ...facts, begunAt, endsBy: plusSeconds(begunAt, CLAIM_SECONDS) };
    const decide = (state: Submission) => beginHandOff(state, claim);
    const { state } = await decideAndAppend(this.store, submissionStream(submissionId), submissions, decide);
    return state.status === 'accepted' ? state : null;
  }

  /** Resolves once the relay has the carrier. @throws RelayUnavailable, RelayRefused, OutboxUnavailable */
  async send(staged: StagedFile): Promise<void> {
    const { envelope, content, contentBytes } = await readEnvelope(staged.wholePath);
    const { mailFrom, rcptTo, smtpUtf8 = false } = envelope;
    const signal = AbortSignal.timeout(SEND_SECONDS * 1000);
    await this.relay.send({ mailFrom, rcptTo, smtpUtf8, content, contentBytes, kind: 'carrier', signal });
  }
}
