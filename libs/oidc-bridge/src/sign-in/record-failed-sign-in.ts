import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { appendFacts, EventStore } from '#libs/event-store';
import { Clock } from '#libs/vocabulary';
import type { SignInRequest } from '../proof.ts';
import { clientSignInsStream, signInsStream } from '../sign-in-events.ts';
import type { AuthenticationFailed, SignInFailure, SignInMethod } from '../sign-in-events.ts';
import type { Upstream } from '../upstreams/upstream.ts';

/** By which way it was tried: a provider as configured, the passcode, or null when none was chosen. */
export type TriedWay = Pick<Upstream, 'id' | 'method' | 'issuer'> | { readonly method: SignInMethod } | null;

/**
 * An attempt to sign in that came to nothing, for the record: once for each attempt, and attempts are bounded for each person
 * and network before they begin (LoginAttempts, Challenges).
 */
export class RecordFailedSignIn extends Command<void> {
  readonly signIn: Pick<SignInRequest, 'clientId' | 'personId'>;
  readonly way: TriedWay;
  readonly reason: SignInFailure;

  constructor(signIn: RecordFailedSignIn['signIn'], way: TriedWay, reason: SignInFailure) {
    super();
    this.signIn = signIn;
    this.way = way;
    this.reason = reason;
  }
}

@CommandHandler(RecordFailedSignIn)
export class RecordFailedSignInHandler implements ICommandHandler<RecordFailedSignIn> {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** @throws EventStoreUnavailable */
  async execute({ signIn: { clientId, personId }, way, reason }: RecordFailedSignIn): Promise<void> {
    const event: AuthenticationFailed = {
      type: 'AuthenticationFailed',
      data: {
        ...(personId === null ? {} : { personId }),
        clientId,
        ...(way === null ? {} : { method: way.method }),
        ...(way !== null && 'issuer' in way ? { upstream: way.id, issuer: way.issuer } : {}),
        reason,
        failedAt: this.clock.now(),
      },
    };
    const stream = personId === null ? clientSignInsStream(clientId) : signInsStream(personId);
    await appendFacts(this.store, stream, [event]);
  }
}
