import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { zipStream } from './zip-stream.ts';

/** Another program's reading: Python's own, names and bytes as hex, one a line. */
const LIST = `import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for i in z.infolist(): print(i.filename.encode().hex(), z.read(i).hex()[:40], i.file_size, i.date_time[0])`;

it('packs files with their names and bytes, in the length that it says, for any program', async () => {
  const large = Buffer.alloc(300_000, 'segl');
  const files = [
    { filename: 'Årsplan.pdf', content: Buffer.from('one') },
    { filename: 'årsplan.PDF', content: Buffer.from('two') },
    { filename: 'Årsplan.pdf', content: large },
    { filename: 'empty', content: Buffer.alloc(0) },
  ];
  const { stream, bytes } = await zipStream(files, new Date('2026-11-30T12:00:00Z'));
  const zip = await buffer(stream);
  expect(zip.length).toBe(bytes);
  const folder = await mkdtemp(join(tmpdir(), 'segl-zip-'));
  try {
    await writeFile(join(folder, 'a.zip'), zip);
    const { stdout } = await promisify(execFile)('python3', ['-c', LIST, join(folder, 'a.zip')]);
    const rows = stdout
      .trim()
      .split('\n')
      .map((row) => row.split(' '));
    expect(
      rows.map(([name = '', content = '', size, year]) => [Buffer.from(name, 'hex').toString(), content, size, year]),
    ).toEqual([
      ['Årsplan.pdf', Buffer.from('one').toString('hex'), '3', '2026'],
      ['årsplan (2).PDF', Buffer.from('two').toString('hex'), '3', '2026'],
      ['Årsplan (3).pdf', large.toString('hex').slice(0, 40), '300000', '2026'],
      ['empty', '', '0', '2026'],
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
