import { readFileSync } from 'node:fs';
import { Unavailable, UsageFault } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** Bytes of a value's file that are looked at: addresses, reasons and case numbers are short. */
const MAX_VALUE_BYTES = 4096;

/**
 * The command line with values read from where they were put: `@file`, alone or behind `--option=`, is the first line of that file, and
 * `@-` the first line of standard input. For addresses and reasons, which would otherwise stand in the history of a shell and in the list of
 * processes. A name that begins with @ is written `./@name`.
 * @throws Unavailable, UsageFault
 */
export async function withValuesRead(argv: readonly string[], terminal: Terminal): Promise<string[]> {
  const read: string[] = [];
  for (const word of argv) {
    const [, option = '', source] = /^(--[a-z-]+=)?@(.+)$/s.exec(word) ?? [];
    read.push(source === undefined ? word : option + (await valueIn(source, terminal)));
  }
  return read;
}

async function valueIn(source: string, terminal: Terminal): Promise<string> {
  const text = source === '-' ? await beginningOf(terminal.input) : textOf(source);
  const [line = ''] = text.split(/\r?\n/);
  if (line === '') throw new UsageFault(`@${source}: its first line is empty`);
  return line;
}

function textOf(path: string): string {
  try {
    return readFileSync(path).toString('utf8', 0, MAX_VALUE_BYTES);
  } catch (error) {
    throw new Unavailable(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
}

/** Up to the end of its first line. */
async function beginningOf(input: AsyncIterable<Uint8Array>): Promise<string> {
  let text = Buffer.alloc(0);
  for await (const piece of input) {
    text = Buffer.concat([text, piece]);
    if (text.includes('\n') || text.length > MAX_VALUE_BYTES) break;
  }
  return text.toString('utf8', 0, MAX_VALUE_BYTES);
}
