import { Injectable } from '@nestjs/common';
import {
  auditTrail,
  AuditTrailThread,
  checkpointsUpTo,
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
import { EventStore, ProjectionRunner, ReadModels } from '#libs/event-store';
import { AuditApiBusy, AuditRequestRefused } from '../door/audit-request-refused.ts';
import { filterOf } from './bulk-export.ts';

/** 10 s: it follows within a moment, or stands still. */
const TRAIL_WITHIN_MS = 10_000;
const ONE_MORE_TRY_MS = 1000;

/** Makes the lines of exports, over the log of this process. */
@Injectable()
export class LedgerExports {
  constructor(
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    private readonly trail: AuditTrailThread,
    private readonly keeper: LedgerKeeper,
    private readonly projections: ProjectionRunner,
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

  /** What a second person confirmed, and nothing else. @throws as `all` and `selection` */
  asAsked({ form, since = 0, fromIndex = 0, question }: ExportAsked): Promise<AsyncIterable<string>> {
    return form === 'ndjson' && Object.keys(question).length === 0
      ? this.all(since)
      : this.selection({ filter: filterOf(question), fromIndex }, form);
  }

  /**
   * Once the trail holds all that a checkpoint covers: it says which events answer to a question, and what it has not come to would be left out without
   * a word. @throws ProjectionsBehind
   */
  async requireTrail(): Promise<void> {
    const isStopped = this.projections.status().some(({ name, stop }) => name === auditTrail.name && stop !== null);
    await this.projections.caughtUp(isStopped ? ONE_MORE_TRY_MS : TRAIL_WITHIN_MS, [auditTrail.name]);
  }

  /** All of the record, up to a checkpoint that is signed for it. @throws AuditRequestRefused when nothing came after `since`; as checkpointNow */
  async all(since: number): Promise<AsyncIterable<string>> {
    const checkpoint = await this.checkpointNow();
    const size = sizeOf(checkpoint);
    if (since >= size)
      throw new AuditRequestRefused(409, 'since', `since: nothing came after the checkpoint at ${since}`);
    const tree = new LedgerTree(this.readModels.db);
    const events = eventsFrom(this.store, tree, since, size - since);
    const checkpoints = checkpointsUpTo(this.readModels.db, since, checkpoint);
    return asLines(exportRange({ events, tree, from: since, checkpoints }));
  }

  /** What answers to a question, likewise. @param selection null: of nobody @throws ProjectionsBehind; as checkpointNow */
  async selection(
    selection: { readonly filter: AuditFilter; readonly fromIndex: number } | null,
    form: 'ndjson' | 'csv',
  ): Promise<AsyncIterable<string>> {
    const checkpoint = await this.checkpointNow();
    await this.requireTrail();
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
