import { eventsFrom, lastCheckpoint, LedgerTree } from '#libs/audit';
import { secondsBetween, SystemClock } from '#libs/vocabulary';
import { NotWellAround } from './around-it.ts';
import type { Check } from './check.ts';
import { partsOf } from '../roles.ts';

/** A checkpoint is due after ten minutes; a console that was down for less than an hour is no news. */
const MAX_UNSIGNED_SECONDS = 3600;
/** Checkpoints stand in the record themselves, and each is behind what it signed. */
const LOOKED_AT = 100;

export const CHECK_OF_CHECKPOINT: Check = {
  part: 'newest checkpoint',
  looksAt: 'when the record was signed last, and whether what was recorded since waits for it',
  failsWhen:
    'something was recorded more than an hour ago and is in no checkpoint: no console runs that signs, or it cannot',
  whatToDo:
    'start the console, or look in its log for why it does not sign ("ledger"); "segl audit checkpoint" signs one now',
  askers: ['doctor'],
  onlyAdvises: true,
  concerns: (settings) => partsOf(settings).has('readModels'),
  isTold: () => false,
  async run(parts) {
    // A fault of either is said by a check of its own.
    const store = await parts.eventStore().catch(() => null);
    const db = await parts.trail().catch(() => null);
    if (store === null || db === null) return 'not looked for: there is no record, or nothing that follows it';
    const last = lastCheckpoint(db)?.ledger ?? null;
    const tree = new LedgerTree(db);
    const signed = last?.size ?? 0;
    const words = last === null ? 'none was signed yet' : `signed at ${last.signedAt}, ${signed} events`;
    for await (const { type, time } of eventsFrom(store, tree, signed, Math.min(LOOKED_AT, tree.size - signed))) {
      if (type === 'CheckpointSigned') continue;
      if (secondsBetween(time, new SystemClock().now()) > MAX_UNSIGNED_SECONDS)
        throw new NotWellAround([`${words}; what was recorded at ${time} is in none`]);
      break;
    }
    return words;
  },
};
