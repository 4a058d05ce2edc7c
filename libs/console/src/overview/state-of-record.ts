import { Injectable } from '@nestjs/common';
import { lastCheckpoint, LedgerTree } from '#libs/audit';
import { ProjectionRunner, ReadModels } from '#libs/event-store';
import { ConsoleSettings } from '../settings.ts';

/** How the record stands: what follows it, and what was signed of it. A few rows of the read models by their keys. */
@Injectable()
export class StateOfRecord {
  constructor(
    private readonly projections: ProjectionRunner,
    private readonly readModels: ReadModels,
    private readonly settings: ConsoleSettings,
  ) {}

  now() {
    const { db } = this.readModels;
    const { size } = new LedgerTree(db);
    const checkpoint = lastCheckpoint(db)?.ledger ?? null;
    return {
      projections: this.projections.status().map(({ name, position, isCaughtUp, lagSeconds, lastError, stop }) => ({
        name,
        state:
          stop !== null
            ? 'console.projections.stopped'
            : isCaughtUp
              ? 'console.projections.present'
              : 'console.projections.behind',
        isWrong: stop !== null || lastError !== null,
        position: position ?? '–',
        lagSeconds: Math.round(lagSeconds),
        fault: lastError ?? '',
      })),
      ledger: {
        size,
        checkpoint: checkpoint && {
          ...{ origin: checkpoint.origin, size: checkpoint.size, root: checkpoint.root, signedAt: checkpoint.signedAt },
          unsigned: Math.max(0, size - checkpoint.size),
        },
        directory: this.settings.ledgerDirectory ?? '',
      },
    };
  }
}
