import type { Logger } from 'pino';

/** What the adapters of the stores say of themselves, in the words of each: Redis, EventStoreDB, PostgreSQL. */
export type StoreNotice =
  | { readonly level: 'info' | 'warning'; readonly message: string }
  | { readonly kind: string; readonly message: string }
  | { readonly what: string; readonly reason: string };

/** The kinds that say that something is well again; every other one is a warning. */
const WELL = ['info', 'found', 'back'];

/** Writes it into the log, on the level that it has: who watches warnings need not be woken by a server that is back. */
export function logNotice(log: Logger, store: string, notice: StoreNotice): void {
  const kind = 'level' in notice ? notice.level : 'kind' in notice ? notice.kind : notice.what;
  log[WELL.includes(kind) ? 'info' : 'warn']({ store, notice }, 'a store has something to say');
}
