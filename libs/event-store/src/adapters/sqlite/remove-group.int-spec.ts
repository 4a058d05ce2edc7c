import { DatabaseSync } from 'node:sqlite';
import { expect, it } from '@jest/globals';
import { noted } from '../../testing/contract/noted.ts';
import { openTemporarySqlite } from '../../testing/index.ts';
import { streamName } from '../../recorded-event.ts';

it('lets nobody change or remove an event after a removal either', async () => {
  const { store, path, cleanUp } = await openTemporarySqlite();
  try {
    const stream = streamName('notes', 'one');
    await store.append(stream, 'NONE', [noted('first'), noted('second')]);
    const [first] = await Array.fromAsync(store.readStream(stream));
    await store.removeContents(first === undefined ? [] : [first]);
    const db = new DatabaseSync(path);
    for (const sql of [`UPDATE events SET bytes = x'00'`, 'DELETE FROM events'])
      expect(() => db.exec(sql)).toThrow(/events are never (changed|removed)/);
    db.close();
  } finally {
    await cleanUp();
  }
});
