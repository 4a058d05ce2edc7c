import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import type { EphemeralStore } from '#libs/ephemeral-store';
import { appendFacts } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { endSessionsOf } from '#libs/recipient-access';
import type { Clock, Mandate, PersonId } from '#libs/vocabulary';
import { subjectStream } from '../subject-events.ts';
import type { SubjectEvent } from '../subject-events.ts';

/** Ends every session in which somebody has proven that person's address. They may sign in again. @returns how many there were */
export class EndSessions extends Command<number> {
  constructor(
    readonly personId: PersonId,
    readonly mandate: Mandate,
  ) {
    super();
  }
}

@CommandHandler(EndSessions)
export class EndSessionsHandler implements ICommandHandler<EndSessions> {
  constructor(
    private readonly store: EventStore,
    private readonly sessions: EphemeralStore,
    private readonly clock: Clock,
  ) {}

  /** Recorded before they end, so that none ends without a word; the number is in the answer. @throws EventStoreUnavailable, EphemeralStoreUnavailable */
  async execute({ personId, mandate }: EndSessions): Promise<number> {
    const event: SubjectEvent = { type: 'SessionsEnded', data: { ...mandate, endedAt: this.clock.now() } };
    await appendFacts(this.store, subjectStream(personId), [event]);
    return endSessionsOf(this.sessions, personId);
  }
}
