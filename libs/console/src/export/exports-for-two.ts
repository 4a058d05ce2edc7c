import { Injectable } from '@nestjs/common';
import type { AuditFilter } from '#libs/audit';
import { isBulk, questionForRecord } from '#libs/audit-api';
import { PROPOSAL_SECONDS, readProposal } from '#libs/compliance';
import { EventStore } from '#libs/event-store';
import { Clock, parseEventId, plusSeconds } from '#libs/vocabulary';
import type { Case } from '../door/console-session.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { NamesOfPeople } from '../people/names-of-people.ts';
import { ActsForTwo } from '../proposals/acts-for-two.ts';
import { shownExport } from '../proposals/asked-export.ts';
import { STANDING_WORDS, standingOf } from '../proposals/standing.ts';
import { ConsoleSettings } from '../settings.ts';
import { AskTrail } from '../trail/ask-trail.ts';

/** Requests of the last three days that are looked through, everybody's. */
const LOOKED_AT = 200;

/** Exports that an officer must confirm: asked for by one who may export, who then takes the file, once. */
@Injectable()
export class ExportsForTwo {
  constructor(
    private readonly asks: AskTrail,
    private readonly forTwo: ActsForTwo,
    private readonly names: NamesOfPeople,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: ConsoleSettings,
  ) {}

  get isOn(): boolean {
    return this.settings.secondPerson.includes('export');
  }

  concerns(filter: AuditFilter): boolean {
    return this.isOn && isBulk(filter);
  }

  /** @throws BadAuditQuery for a question that cannot wait in the record */
  async propose(asker: SignedIn, filter: AuditFilter, form: 'ndjson' | 'csv', forCase: Required<Case>): Promise<void> {
    const exported = { through: 'console', form, question: questionForRecord(filter) } as const;
    await this.forTwo.propose(asker, { act: 'export', export: exported }, { by: asker.personId, ...forCase });
  }

  /** What somebody asked for that has not lapsed, the latest first; looking for it is in the record as any search. */
  async of(asker: SignedIn) {
    if (!this.isOn) return { requests: [], hasMoreRequests: false };
    const now = this.clock.now();
    const from = plusSeconds(now, -PROPOSAL_SECONDS);
    const { rows, next } = await this.asks.search(
      asker,
      { types: ['ActProposed'], from },
      { order: 'newest-first', limit: LOOKED_AT },
      { fields: ['types', 'from'], from },
    );
    const requests = [];
    for (const { stream, data } of rows) {
      if (data['by'] !== asker.personId) continue;
      const proposalId = parseEventId(stream.slice(stream.indexOf('-') + 1));
      const proposal = proposalId === null ? null : await readProposal(this.store, proposalId);
      if (proposalId === null || proposal === null || proposal.status === 'unknown') continue;
      const { export: exported, mandate, expiresAt, proposedAt } = proposal;
      if (exported?.through !== 'console' || mandate.by !== asker.personId) continue;
      const standing = standingOf(proposal, now);
      requests.push({
        ...{ proposalId, proposedAt, expiresAt, standing: STANDING_WORDS[standing], mayTake: standing === 'approved' },
        exported: await shownExport(exported, this.names),
        caseNumber: mandate.caseNumber ?? '',
      });
    }
    return { requests, hasMoreRequests: next !== null };
  }
}
