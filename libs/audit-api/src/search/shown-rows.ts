import { decryptForDisplay } from '#libs/audit';
import type { AuditRow, AuditTrailSource } from '#libs/audit';
import type { Person, PersonDirectory } from '#libs/keyring';
import type { PersonId } from '#libs/vocabulary';

/** One event, as it is shown. */
export interface ShownRow {
  /** Which leaf of the ledger it is; null while the tree has not come so far. */
  readonly index: number | null;
  readonly eventId: string;
  readonly type: string;
  readonly version: number;
  readonly time: string;
  readonly stream: string;
  readonly revision: number;
  readonly messageId: string | null;
  readonly evidence: string;
  readonly outcome: string;
  readonly method: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Makes rows readable. Each person's key is fetched once for an answer, and kept no longer. */
export class Shown {
  private readonly found = new Map<PersonId, Promise<Person | null>>();

  constructor(
    private readonly trail: AuditTrailSource,
    private readonly persons: PersonDirectory,
    /** Or as it is stored: encrypted. */
    private readonly isPersonalDataShown: boolean,
  ) {}

  async rows(rows: readonly AuditRow[]): Promise<ShownRow[]> {
    const leaves = await this.trail.leavesAt(rows.map(({ position }) => position));
    return Promise.all(
      rows.map(async (row, at) => {
        const { data } = this.isPersonalDataShown
          ? await decryptForDisplay(row, { findById: (id) => this.find(id) })
          : row;
        const { eventId, type, version, time, stream, revision, messageId, evidence, outcome, method } = row;
        const facts = { eventId, type, version, time, stream, revision, messageId, evidence, outcome, method };
        return { index: leaves[at] ?? null, ...facts, data };
      }),
    );
  }

  private find(personId: PersonId): Promise<Person | null> {
    let person = this.found.get(personId);
    if (person === undefined) {
      person = this.persons.findById(personId);
      this.found.set(personId, person);
    }
    return person;
  }
}
