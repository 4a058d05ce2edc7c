import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { recordBackup } from '#libs/compliance';
import { streamName } from '#libs/event-store';
import type { SqliteEventStore } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import { FixedClock, instantOf, plusSeconds } from '#libs/vocabulary';
import { backupDueIn, backupSentence } from './newest-backup.ts';

const noon = instantOf('2026-03-01T12:00:00Z');
const hours = (count: number) => plusSeconds(noon, count * 3600);
const facts = { by: 'alice', events: 1, persons: 1, carriers: 0, fileBytes: 10, fileSha256: 'ab'.repeat(32) };

let opened: TemporarySqlite;
let store: SqliteEventStore;
beforeEach(async () => {
  opened = await openTemporarySqlite({ clock: new FixedClock(noon) });
  store = opened.store;
});
afterEach(() => opened.cleanUp());

describe('how old the newest backup is', () => {
  it('is no matter while nothing is recorded, and is counted from the first event where none was made', async () => {
    expect(await backupSentence(store, noon, 48)).toBe('nothing is recorded yet');
    await store.append(streamName('made', 'one'), 'NONE', [{ type: 'Made', data: {} }]);
    expect(await backupSentence(store, hours(47), 48)).toBe('none was ever made, and the record is 47 hours old');
    await expect(backupSentence(store, hours(49), 48)).rejects.toThrow(/none was ever made.*48 hours are allowed/);
  });

  it('is that of the newest, whichever was recorded last', async () => {
    await recordBackup(store, { type: 'BackupMade', data: { ...facts, madeAt: hours(24) } });
    await recordBackup(store, { type: 'BackupMade', data: { ...facts, madeAt: noon } });
    await recordBackup(store, {
      type: 'BackupRestored',
      data: { by: 'bob', events: 1, fileSha256: facts.fileSha256, restoredAt: hours(200), backupMadeAt: noon },
    });
    expect(await backupSentence(store, hours(48), 48)).toBe('the newest is 24 hours old');
    await expect(backupSentence(store, hours(24 + 24 * 3), 48)).rejects.toThrow(/the newest is 3 days old/);
  });
});

describe('when a backup is due', () => {
  it('is counted from the first event, and from the newest backup once there is one', async () => {
    const due = backupDueIn(store, 30);
    const inSeconds = (count: number) => Date.parse(hours(count)) / 1000;
    expect(await due()).toBeNull();
    await store.append(streamName('made', 'one'), 'NONE', [{ type: 'Made', data: {} }]);
    expect(await due()).toBe(inSeconds(30));
    await recordBackup(store, { type: 'BackupMade', data: { ...facts, madeAt: hours(24) } });
    expect(await due()).toBe(inSeconds(54));
  });
});
