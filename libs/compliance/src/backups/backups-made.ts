import { appendFacts } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import type { Instant } from '#libs/vocabulary';
import { backupStream } from './backup-events.ts';
import type { BackupEvent } from './backup-events.ts';

/** @throws EventStoreUnavailable, TooMuchContention: the backup itself is whole all the same */
export async function recordBackup(store: EventStore, event: BackupEvent): Promise<void> {
  await appendFacts(store, backupStream, [event]);
}

/** When the newest backup was made, asked as often as one likes: only what was recorded since the last time is read. */
export class BackupsMade {
  private newest: Instant | null = null;
  private fromRevision = 0;

  constructor(private readonly store: EventStore) {}

  /** Null: none was ever recorded. @throws EventStoreUnavailable */
  async newestAt(): Promise<Instant | null> {
    for await (const event of this.store.readStream(backupStream, { fromRevision: this.fromRevision })) {
      this.fromRevision = event.revision + 1;
      const made = event as unknown as BackupEvent;
      if (made.type !== 'BackupMade') continue;
      if (this.newest === null || made.data.madeAt > this.newest) this.newest = made.data.madeAt;
    }
    return this.newest;
  }
}
