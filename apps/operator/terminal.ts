import { createInterface } from 'node:readline';
import { SystemClock } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';

/** What a command sees of the world around it; a test gives its own. */
export interface Terminal {
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Read once. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Resolves when the bytes are gone and their memory may be used again. @throws OutputClosed */
  write(output: string | Uint8Array): Promise<void>;
  /** A line for people, beside the output. */
  say(line: string): void;
  /** Puts a line in place of the last that was drawn; an empty one takes it away. Null where stderr is no terminal. */
  readonly draw: ((line: string) => void) | null;
  /** Null where there is nobody to ask. */
  ask(question: string): Promise<string | null>;
}

/** The reader of our output has gone: there is nobody to report to. */
export class OutputClosed extends Error {}

/** The process's own streams. */
export function processTerminal(environment: NodeJS.ProcessEnv): Terminal {
  const { stdin, stdout, stderr } = process;
  let isClosed = false;
  stdout.on('error', () => (isClosed = true)); // EPIPE comes as an event, after the write it belongs to
  return {
    environment,
    clock: new SystemClock(),
    input: stdin,
    async write(output) {
      // Waits until the piece is gone, not only until there is room: its memory may then be used again.
      await new Promise<void>((resolve) => {
        stdout.write(output, (error) => {
          if (error) isClosed = true;
          resolve();
        });
      });
      if (isClosed) throw new OutputClosed('the output was closed');
    },
    say: (line) => void stderr.write(`${line}\n`),
    // To the beginning of the line, and away with the rest of it (ECMA-48 CR, EL); cut, since a line that wraps could not be taken away.
    draw: stderr.isTTY ? (line) => void stderr.write(`\r${line.slice(0, stderr.columns - 1)}\x1b[K`) : null,
    async ask(question) {
      if (!stdin.isTTY) return null;
      const lines = createInterface({ input: stdin, output: stderr }); // stdout may go into a file
      try {
        return await new Promise<string | null>((resolve) => {
          lines.once('close', () => resolve(null));
          lines.question(question, resolve);
        });
      } finally {
        lines.close();
      }
    },
  };
}
