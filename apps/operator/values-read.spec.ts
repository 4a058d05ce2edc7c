import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { segl } from './test/captured-terminal.ts';
import type { Terminal } from './terminal.ts';
import { withValuesRead } from './values-read.ts';

const terminal = (text: string) =>
  ({
    input: (async function* () {
      yield Buffer.from(text);
    })(),
  }) as unknown as Terminal;

describe('values that stand in a file', () => {
  let directory: string;
  let file: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'segl-values-'));
    file = join(directory, 'address');
    writeFileSync(file, 'anna@example.com\nand what follows\n');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('are read in place of any word, alone or behind an option', async () => {
    const argv = ['erase', `@${file}`, `--reason=@${file}`, '--to', 'bo@example.com', '-', '--yes'];
    expect(await withValuesRead(argv, terminal(''))).toEqual([
      ...['erase', 'anna@example.com', '--reason=anna@example.com', '--to', 'bo@example.com', '-', '--yes'],
    ]);
  });

  it('are read from standard input by @-', async () => {
    expect(await withValuesRead(['erase', '@-'], terminal('anna@example.com\r\n'))).toEqual([
      'erase',
      'anna@example.com',
    ]);
  });

  it('are missed with one line and an exit code', async () => {
    const { exitCode, said } = await segl(['erase', `@${join(directory, 'none')}`]);
    expect([exitCode, said]).toEqual([69, expect.stringMatching(/^segl: .*none cannot be read: ENOENT$/)]);
    expect((await segl(['erase', '@-'], { input: Buffer.from('\n') })).said).toMatch(/first line is empty/);
  });
});
