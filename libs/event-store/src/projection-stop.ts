import type { EventId } from '#libs/vocabulary';
import type { DamagedRecord, Position, RecordedEvent } from './event-store.ts';
import type { SavedPlace } from './projection-tables.ts';

/** Where and why a projection stands still until somebody does something about it. */
export interface ProjectionStop {
  /**
   * `event-refused`, `record-damaged`: it cannot take the event there, and may be made to pass over it. `record-differs`: another event
   * than the one it handled stands there now, as after a restore from an older backup: it must be rebuilt.
   */
  readonly why: 'event-refused' | 'record-damaged' | 'record-differs';
  readonly position: Position;
  readonly eventId: EventId | null;
  readonly eventType: string | null;
}

/** What a projection did not get over. `stop` says where. */
export class ProjectionStopped extends Error {
  readonly stop: ProjectionStop;

  constructor(stop: ProjectionStop, words: string, options?: ErrorOptions) {
    super(words, options);
    this.stop = stop;
  }
}

/** A handler threw. `handledBefore`: so many of the same batch went well. */
export class HandlerFailed extends ProjectionStopped {
  readonly handledBefore: number;

  constructor({ position, id, type }: RecordedEvent, handledBefore: number, cause: unknown) {
    const words = `${type} at position ${position}: ${(cause as { message?: string })?.message ?? String(cause)}`;
    super({ why: 'event-refused', position, eventId: id, eventType: type }, words, { cause });
    this.handledBefore = handledBefore;
  }
}

export function stoppedAtDamage(damage: DamagedRecord): ProjectionStopped {
  const { position } = damage;
  const stop = { why: 'record-damaged', position, eventId: null, eventType: null } as const;
  return new ProjectionStopped(stop, damage.message, { cause: damage });
}

/** @param there  null when no event stands at the saved place */
export function recordDiffers({ position, eventId }: SavedPlace, there: RecordedEvent | null): ProjectionStopped {
  const now = there === null ? 'nothing stands' : `${there.type} ${there.id} stands`;
  return new ProjectionStopped(
    { why: 'record-differs', position, eventId, eventType: there?.type ?? null },
    `the record is not the one that was read: ${now} at position ${position}, where ${eventId ?? 'an event'} was handled; ` +
      `the event store was restored from an older copy or is another one. Rebuild this projection once the store is the right one`,
  );
}
