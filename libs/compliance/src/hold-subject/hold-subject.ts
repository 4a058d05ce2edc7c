import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { decideAndAppend } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import type { Clock, PersonId } from '#libs/vocabulary';
import { liftHold, placeHold, subjects } from '../subject.ts';
import type { MandateOfCase } from '../subject.ts';
import { subjectStream } from '../subject-events.ts';

/** Keeps a person from being erased, for one case. */
export class HoldSubject extends Command<'held' | 'held-already'> {
  constructor(
    readonly personId: PersonId,
    readonly mandate: MandateOfCase,
  ) {
    super();
  }
}

@CommandHandler(HoldSubject)
export class HoldSubjectHandler implements ICommandHandler<HoldSubject> {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** @throws SubjectIsErased, EventStoreUnavailable */
  async execute({ personId, mandate }: HoldSubject): Promise<'held' | 'held-already'> {
    const { events } = await decideAndAppend(this.store, subjectStream(personId), subjects, (state) =>
      placeHold(state, mandate, this.clock.now()),
    );
    return events.length > 0 ? 'held' : 'held-already';
  }
}

/** Ends the hold of one case; those of others stay. */
export class LiftHold extends Command<void> {
  constructor(
    readonly personId: PersonId,
    readonly mandate: MandateOfCase,
  ) {
    super();
  }
}

@CommandHandler(LiftHold)
export class LiftHoldHandler implements ICommandHandler<LiftHold> {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** @throws NoSuchHold, EventStoreUnavailable */
  async execute({ personId, mandate }: LiftHold): Promise<void> {
    await decideAndAppend(this.store, subjectStream(personId), subjects, (state) =>
      liftHold(state, mandate, this.clock.now()),
    );
  }
}
