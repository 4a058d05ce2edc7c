import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { FixedClock, instantOf } from '#libs/vocabulary';
import { oldestInOutbox } from './oldest-in-outbox.ts';

it('is by the file that has waited longest, and by what a clock that was set back lacks', async () => {
  const clock = new FixedClock(instantOf('2026-11-30T12:00:00Z'));
  const directory = await mkdtemp(join(tmpdir(), 'segl-oldest-'));
  const oldest = () => oldestInOutbox(directory, clock);
  try {
    expect(await oldest()).toBe(0); // no outbox yet
    for (const [folder, minutes] of [
      ['queue', 10],
      ['sending', 60],
    ] as const) {
      await mkdir(join(directory, folder));
      expect(await oldest()).toBe(folder === 'queue' ? 0 : 600);
      const file = join(directory, folder, 'a-carrier');
      await writeFile(file, '');
      const writtenAt = new Date(Date.parse(clock.now()) - minutes * 60_000);
      await utimes(file, writtenAt, writtenAt);
    }
    expect(await oldest()).toBe(3600);
    clock.advance(-86_400); // nobody knows now how long they have waited: late rather than never
    expect(await oldest()).toBe(86_400 - 600);
  } finally {
    await rm(directory, { recursive: true });
  }
});
