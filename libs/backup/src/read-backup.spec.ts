import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { newBackupIdentity } from '#libs/keyring';
import { sealAgeFile } from '#libs/sealing';
import { instantOf } from '#libs/vocabulary';
import { ArchiveWriter } from './archive-writer.ts';
import { BACKUP_VERSION } from './backup-form.ts';
import { readBackup } from './read-backup.ts';

const key = newBackupIdentity(instantOf('2026-03-01T12:00:00Z'));
const identity = key.file.trim().split('\n').at(-1) ?? '';
const madeAt = '2026-03-01T12:00:00.000Z';
const beginning = (more: object = {}) =>
  JSON.stringify({ format: 'segl-backup', version: BACKUP_VERSION, madeAt, segl: '0.1.0', ...more });
const manifest = (entries: readonly unknown[]) =>
  JSON.stringify({
    ...{ madeAt, persons: 0, carriers: 0, keyIds: [], erasedMeanwhile: [] },
    ...{ events: { count: 0, rootSha256: '0'.repeat(64), newestAt: null }, entries },
  });

/** A file with these entries, and behind them what `end` makes of what was written. */
async function* fileOf(
  entries: readonly (readonly [name: string, text: string])[],
  end: (archive: ArchiveWriter) => Promise<void> = (archive) =>
    archive.addText('manifest.json', manifest([...archive.entries]), 0),
): AsyncGenerator<Uint8Array> {
  const archive = new ArchiveWriter();
  const filling = (async () => {
    for (const [name, text] of entries) await archive.addText(name, text, 0);
    await end(archive);
    archive.finish();
  })();
  yield* sealAgeFile(archive.bytes(), [key.recipient]);
  await filling;
}

async function read(file: AsyncIterable<Uint8Array>): Promise<string[]> {
  const names: string[] = [];
  await readBackup(file, [identity], {
    async onEntry(name, content) {
      names.push(name);
      for await (const _ of content);
    },
  });
  return names;
}

const part = ['keyring/sealing-1.key', 'x'] as const;

describe('a backup is read whole, or not at all', () => {
  it('in its order', async () => {
    const big = randomBytes(200_000).toString('hex');
    const file = fileOf([
      ['segl-backup.json', beginning()],
      ['events/00000001.ndjson', big],
      part,
      ['keyring/empty', ''],
    ]);
    expect(await read(file)).toEqual(['events/00000001.ndjson', 'keyring/sealing-1.key', 'keyring/empty']);
  });

  it.each([
    [
      'of a newer form',
      [['segl-backup.json', beginning({ version: BACKUP_VERSION + 1, segl: '9.0' })]],
      /newer release \(9\.0/,
    ],
    ['that is another archive', [part], /begins otherwise/],
    ['that begins with other JSON', [['segl-backup.json', '{}']], /begins otherwise/],
    [
      'that begins twice',
      [
        ['segl-backup.json', beginning()],
        ['segl-backup.json', beginning()],
      ],
      /begins otherwise/,
    ],
    [
      'with a path that leads elsewhere',
      [
        ['segl-backup.json', beginning()],
        ['keyring/../../etc/passwd', 'x'],
      ],
      /none of its parts/,
    ],
    [
      'with a hidden file',
      [
        ['segl-backup.json', beginning()],
        ['keyring/.x', 'x'],
      ],
      /none of its parts/,
    ],
  ] as const)('not one %s', async (_, entries, why) => {
    await expect(read(fileOf(entries))).rejects.toThrow(why);
  });

  it('not one whose list of contents is missing, is not the last, or says something else', async () => {
    const whole = [['segl-backup.json', beginning()], part] as const;
    await expect(read(fileOf(whole, async () => undefined))).rejects.toThrow(/cut short/);
    await expect(read(fileOf(whole, (archive) => archive.addText('manifest.json', manifest([]), 0)))).rejects.toThrow(
      /not what its list/,
    );
    const behind = async (archive: ArchiveWriter) => {
      await archive.addText('manifest.json', manifest([...archive.entries]), 0);
      await archive.addText('keyring/sealing-2.key', 'y', 0);
    };
    await expect(read(fileOf(whole, behind))).rejects.toThrow(/goes on behind/);
  });
});
