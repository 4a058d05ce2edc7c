import { Injectable } from '@nestjs/common';
import {
  AuditTrailThread,
  checkpointsBetween,
  eventsFrom,
  exportRange,
  exportSelection,
  exportSelectionAsCsv,
  inclusionProof,
  LedgerKeeper,
  LedgerTree,
  readCheckpoint,
  RememberedTiles,
  selectedEvents,
} from '#libs/audit';
import type { AuditFilter } from '#libs/audit';
import type { ExportAsked } from '#libs/compliance';
import { EventStore, ReadModels } from '#libs/event-store';
import { AuditApiBusy, AuditRequestRefused } from '../door/audit-request-refused.ts';
import { filterOf } from './bulk-export.ts';

/** Makes the lines of exports, over the log of this process. */
@Injectable()
export class LedgerExports {
  constructor(
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    private readonly trail: AuditTrailThread,
    private readonly keeper: LedgerKeeper,
  ) {}

  /** Before anything is recorded or begun. @throws BadAuditQuery, AuditRequestRefused */
  async check(filter: AuditFilter, since: number): Promise<void> {
    await this.trail.page(filter, { limit: 1 });
    const { size } = new LedgerTree(this.readModels.db);
    if (since > size) throw new AuditRequestRefused(400, 'since', `since: the log has ${size} events`);
  }

  /** Signs what is new first, so that an export holds all there is. @throws LedgerContradicted, AuditApiBusy before the first event */
  async checkpointNow(): Promise<string> {
    const checkpoint = await this.keeper.signNow();
    if (checkpoint === null) throw new AuditApiBusy('nothing is signed yet');
    return checkpoint;
  }

  /** What a second person confirmed, and nothing else. @throws AuditRequestRefused when nothing came after `since` */
  asAsked({ form, since = 0, fromIndex = 0, question }: ExportAsked, checkpoint: string): AsyncIterable<string> {
    return form === 'ndjson' && Object.keys(question).length === 0
      ? this.all(since, checkpoint)
      : this.selection({ filter: filterOf(question), fromIndex }, checkpoint, form);
  }

  /** @throws AuditRequestRefused when nothing came after `since` */
  all(since: number, checkpoint: string): AsyncIterable<string> {
    const size = sizeOf(checkpoint);
    if (since >= size)
      throw new AuditRequestRefused(409, 'since', `since: nothing came after the checkpoint at ${since}`);
    const tree = new LedgerTree(this.readModels.db);
    const before = checkpointsBetween(this.readModels.db, since, size - 1);
    const events = eventsFrom(this.store, tree, since, size - since);
    return asLines(exportRange({ events, tree, from: since, checkpoints: [...before, checkpoint] }));
  }

  /** @param selection null: of nobody */
  selection(
    selection: { readonly filter: AuditFilter; readonly fromIndex: number } | null,
    checkpoint: string,
    form: 'ndjson' | 'csv',
  ): AsyncIterable<string> {
    const size = sizeOf(checkpoint);
    const tree = new LedgerTree(this.readModels.db);
    const tiles = new RememberedTiles(tree);
    const events =
      selection === null
        ? nothing()
        : selectedEvents({ store: this.store, trail: this.trail, tree }, { ...selection, size });
    const prove = (index: number) => inclusionProof(tiles, index, size);
    return form === 'csv'
      ? exportSelectionAsCsv(events, checkpoint, prove)
      : asLines(exportSelection(events, checkpoint, prove));
  }
}

async function* nothing(): AsyncIterable<never> {
  // nobody did anything
}

async function* asLines(lines: AsyncIterable<string>): AsyncIterable<string> {
  for await (const line of lines) yield `${line}\n`;
}

function sizeOf(checkpoint: string): number {
  return readCheckpoint(checkpoint)?.size ?? 0;
}
