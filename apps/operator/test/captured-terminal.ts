import { FixedClock } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { run } from '../run.ts';
import type { Terminal } from '../terminal.ts';

export interface Ran {
  readonly exitCode: number;
  readonly output: Buffer;
  readonly text: string;
  readonly said: string;
}

export interface RunOptions {
  readonly input?: Uint8Array | readonly Uint8Array[];
  /** What a person would type; absent: nobody is there. */
  readonly answer?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly clock?: FixedClock;
  /** Called with each piece as it is written. */
  readonly onWrite?: (piece: Uint8Array) => void;
}

export const noon = '2026-03-01T12:00:00.000Z' as Instant;

/** Runs a command line within this process. */
export async function segl(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const written: Buffer[] = [];
  const said: string[] = [];
  const terminal: Terminal = {
    environment: options.environment ?? {},
    clock: options.clock ?? new FixedClock(noon),
    input: inputOf(options.input ?? []),
    async write(output) {
      const piece = Buffer.from(output as Uint8Array);
      options.onWrite?.(piece);
      written.push(piece);
    },
    say: (line) => void said.push(line),
    draw: null,
    ask: async (question) => {
      said.push(question);
      return options.answer ?? null;
    },
  };
  const exitCode = await run(argv, terminal);
  const output = Buffer.concat(written);
  return { exitCode, output, text: output.toString('utf8'), said: said.join('\n') };
}

async function* inputOf(input: Uint8Array | readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* input instanceof Uint8Array ? [input] : input;
}
