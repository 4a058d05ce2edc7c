import { Injectable } from '@nestjs/common';
import {
  AuditTrailThread,
  checkpointsUpTo,
  eventsFrom,
  exportExposure,
  LedgerTree,
  messageTimeline,
  readCheckpoint,
} from '#libs/audit';
import { LedgerExports } from '#libs/audit-api';
import { EventStore, ReadModels } from '#libs/event-store';
import { PersonDirectory } from '#libs/keyring';
import type { EventId, MessageId } from '#libs/vocabulary';

const ROWS_AT_ONCE = 1000;

/** Where a report on one message begins, and what it discloses beside the message's own events. */
export interface ReportBegins {
  /** Leaf of the sealing. */
  readonly from: number;
  readonly signInIds: ReadonlySet<EventId>;
}

/** Makes the lines of exposure reports, over the log of this process. */
@Injectable()
export class ExposureReports {
  constructor(
    private readonly trail: AuditTrailThread,
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    private readonly persons: PersonDirectory,
    private readonly exports: LedgerExports,
  ) {}

  /** Null: no message of that name was sealed here. @throws ReadModelsBusy, ProjectionsBehind */
  async begins(messageId: MessageId): Promise<ReportBegins | null> {
    await this.exports.requireTrail();
    const tree = new LedgerTree(this.readModels.db);
    let from: number | null = null;
    const signInIds = new Set<EventId>();
    for (let after: string | null | undefined; after !== null;) {
      const { entries, next } = await messageTimeline(this.trail, messageId, { after, limit: ROWS_AT_ONCE });
      for (const { row, signIn } of entries) {
        if (row.type === 'MessageSealed') from ??= tree.leafAt(row.position);
        if (signIn !== null) signInIds.add(signIn.eventId);
      }
      after = next;
    }
    return from === null ? null : { from, signInIds };
  }

  /** Signs what is new first. @throws LedgerContradicted, AuditApiBusy before the first event */
  checkpointNow(): Promise<string> {
    return this.exports.checkpointNow();
  }

  /** Null: the checkpoint does not reach the sealing. */
  lines(messageId: MessageId, { from, signInIds }: ReportBegins, checkpoint: string): AsyncIterable<string> | null {
    const size = readCheckpoint(checkpoint)?.size ?? 0;
    if (from >= size) return null;
    const { db } = this.readModels;
    const tree = new LedgerTree(db);
    const events = eventsFrom(this.store, tree, from, size - from);
    const checkpoints = checkpointsUpTo(db, from, checkpoint);
    const { persons } = this;
    return withLineFeeds(exportExposure({ messageId, signInIds, persons, events, tree, from, checkpoints }));
  }
}

async function* withLineFeeds(lines: AsyncIterable<string>): AsyncIterable<string> {
  for await (const line of lines) yield `${line}\n`;
}
