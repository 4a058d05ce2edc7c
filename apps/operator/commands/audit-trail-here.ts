import type { Command } from 'commander';
import { recordAuditing } from '#libs/audit';
import type { AskedFor, Asker, AuditPage, AuditQuestionKind } from '#libs/audit';
import type { ReadModelDatabase } from '#libs/event-store';
import type { PersonDirectory } from '#libs/keyring';
import type { PersonId } from '#libs/vocabulary';
import type { Operator } from '../operator.ts';
import { caughtUpReadModels } from '../read-models.ts';
import type { Whom } from './audit-question.ts';

/** The audit trail as a command asks it, with the directory that says who has an address. */
export interface TrailHere extends AsyncDisposable {
  /** Null where it is not needed, or is not on this machine. */
  readonly persons: PersonDirectory | null;
  /** Null for an address that nobody is known by. Who is asked for by the id may be erased: the trail keeps the facts. */
  personIdOf(whom: Whom): Promise<PersonId | null>;
  /** Holds everything recorded before this call. @throws ProjectionsBehind */
  db(): Promise<ReadModelDatabase>;
  /** Before anything of it is shown. @throws EventStoreUnavailable */
  record(asker: Asker, question: AuditQuestionKind, asked: AskedFor, rows: number): Promise<void>;
}

export async function openTrail(operator: Operator, command: Command, needsPersons: boolean): Promise<TrailHere> {
  const stores = operator.stores(command);
  const persons = needsPersons && stores.has('personKeys') ? await stores.persons() : null;
  return {
    persons,
    personIdOf: async (whom) =>
      'personId' in whom ? whom.personId : ((await persons?.find(whom.address))?.personId ?? null),
    db: async () => (await caughtUpReadModels(operator.places(command), stores)).readModels.db,
    record: async (asker, question, asked, rows) => {
      const data = { ...asker, ...asked, question, rows, queriedAt: operator.terminal.clock.now() };
      await recordAuditing(await stores.eventStore(), { type: 'AuditTrailQueried', data });
    },
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  };
}

/** The answer about somebody whom nobody knows. */
export function nobody(operator: Operator): AuditPage {
  operator.terminal.say('segl: nobody is known by that address, or the person was erased');
  return { rows: [], next: null, previous: null, isWhole: true };
}
