import { BackupsMade } from '#libs/compliance';
import type { EventStore } from '#libs/event-store';
import { DomainError, secondsBetween } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';

/** There is more in the record than anybody would get back. */
class BackupTooOld extends DomainError {
  constructor(words: string) {
    super('backup-too-old', words);
  }
}

/** @returns how old the newest backup is, in words. @throws BackupTooOld; EventStoreUnavailable */
export async function backupSentence(store: EventStore, now: Instant, warnAfterHours: number): Promise<string> {
  const newestAt = await new BackupsMade(store).newestAt();
  const since = newestAt ?? (await beginningOf(store));
  if (since === null) return 'nothing is recorded yet';
  const hours = secondsBetween(since, now) / 3600;
  const words =
    newestAt === null
      ? `none was ever made, and the record is ${inWords(hours)} old`
      : `the newest is ${inWords(hours)} old`;
  if (hours > warnAfterHours) throw new BackupTooOld(`${words}; ${warnAfterHours} hours are allowed`);
  return words;
}

/**
 * When the next backup is due, for a figure that alerts ask: the newest, or the first event where there is none, and the hours that
 * it may be old. In seconds since 1970; null while nothing is recorded.
 *
 * @throws EventStoreUnavailable
 */
export function backupDueIn(store: EventStore, warnAfterHours: number): () => Promise<number | null> {
  const made = new BackupsMade(store);
  let beganAt: Instant | null = null;
  return async () => {
    const since = (await made.newestAt()) ?? (beganAt ??= await beginningOf(store));
    return since === null ? null : Date.parse(since) / 1000 + warnAfterHours * 3600;
  };
}

async function beginningOf(store: EventStore): Promise<Instant | null> {
  for await (const { time } of store.readAll({ maxCount: 1 })) return time;
  return null;
}

function inWords(hours: number): string {
  return hours < 48 ? `${Math.max(0, Math.round(hours))} hours` : `${Math.round(hours / 24)} days`;
}
