import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { decideAndAppend } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import type { Clock, PersonId } from '#libs/vocabulary';
import { standingOf } from '../erased-subjects.ts';
import type { ErasureReach } from '../erase-subject/erase-subject.ts';
import { liftHold, NobodyToHold, placeHold, subjects } from '../subject.ts';
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
    private readonly reach: Pick<ErasureReach, 'persons' | 'messages'>,
    private readonly clock: Clock,
  ) {}

  /** @throws NobodyToHold, SubjectIsErased; EventStoreUnavailable, PersonDirectoryUnavailable, ProjectionsBehind */
  async execute({ personId, mandate }: HoldSubject): Promise<'held' | 'held-already'> {
    await this.requireSomebody(personId);
    const { events } = await decideAndAppend(this.store, subjectStream(personId), subjects, (state) =>
      placeHold(state, mandate, this.clock.now()),
    );
    return events.length > 0 ? 'held' : 'held-already';
  }

  /** A hold on a mistyped id would hold nobody, and look as if it did. Whose key is lost may be held: it keeps retention off what concerns them. */
  private async requireSomebody(personId: PersonId): Promise<void> {
    const { persons, messages } = this.reach;
    if ((await standingOf(this.store, persons, personId)).is !== 'unknown') return;
    for await (const _ of messages.of(personId)) return;
    throw new NobodyToHold();
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
