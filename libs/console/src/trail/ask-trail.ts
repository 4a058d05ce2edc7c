import { Injectable } from '@nestjs/common';
import { AuditTrailThread, messageTimeline, personTimeline, recordAuditing } from '#libs/audit';
import type { AskedFor, AuditFilter, AuditPage, AuditPaging, AuditQuestionKind, Timeline } from '#libs/audit';
import { EventStore } from '#libs/event-store';
import { Clock } from '#libs/vocabulary';
import type { MessageId, PersonId } from '#libs/vocabulary';
import type { SignedIn } from '../door/route-roles.ts';

/**
 * Every question of the console goes through here: answered by the thread of the trail, and in the record, with who, case number and
 * reason, before a row leaves.
 */
@Injectable()
export class AskTrail {
  constructor(
    private readonly trail: AuditTrailThread,
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** @throws BadAuditQuery, ReadModelsBusy; what the event store throws */
  async search(asker: SignedIn, filter: AuditFilter, paging: AuditPaging, about: AskedFor): Promise<AuditPage> {
    const page = await this.trail.page(filter, paging);
    await this.record(asker, about, 'search', page.rows.length);
    return page;
  }

  async ofMessage(asker: SignedIn, messageId: MessageId, paging: AuditPaging): Promise<Timeline> {
    const timeline = await messageTimeline(this.trail, messageId, paging);
    await this.record(asker, { fields: ['message'], messageId }, 'message-timeline', timeline.entries.length);
    return timeline;
  }

  async ofPerson(asker: SignedIn, personId: PersonId, paging: AuditPaging): Promise<Timeline> {
    const timeline = await personTimeline(this.trail, personId, paging);
    await this.record(
      asker,
      { fields: ['person'], persons: [{ personId }] },
      'person-timeline',
      timeline.entries.length,
    );
    return timeline;
  }

  /** Asked by an address that nobody is known by: nothing can answer to it. */
  foundNobody(asker: SignedIn, about: AskedFor): Promise<void> {
    return this.record(asker, about, 'search', 0);
  }

  private async record(asker: SignedIn, about: AskedFor, question: AuditQuestionKind, rows: number): Promise<void> {
    const queriedAt = this.clock.now();
    const data = { ...askerAtConsole(asker), ...about, question, rows, queriedAt };
    await recordAuditing(this.store, { type: 'AuditTrailQueried', data });
  }
}

/** Who asks, for which case, as it stands in events. */
export function askerAtConsole({ personId, openCase }: SignedIn) {
  return { askedBy: personId as string, through: 'console', ...openCase } as const;
}
