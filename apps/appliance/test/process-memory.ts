import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * How often a text stands in the writable memory of a process, as bytes or in UTF-16 (Linux, proc_pid_mem(5)). Who asks must be allowed
 * to read that memory (ptrace(2)).
 */
export function timesInMemory(pid: number, text: string): number {
  const needles = [Buffer.from(text), Buffer.from(text, 'utf16le')];
  let times = 0;
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const { from, to } of writableParts(pid)) {
      for (let at = from; at < to; at += PIECE_BYTES) {
        const piece = Buffer.alloc(Math.min(PIECE_BYTES, to - at));
        try {
          readSync(memory, piece, 0, piece.length, at);
        } catch {
          continue; // gone meanwhile, or of a device
        }
        for (const needle of needles) times += timesIn(piece, needle);
      }
    }
  } finally {
    closeSync(memory);
  }
  return times;
}

function writableParts(pid: number): { readonly from: number; readonly to: number }[] {
  return readFileSync(`/proc/${pid}/maps`, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      return from === '' ? [] : [{ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) }];
    });
}

function timesIn(bytes: Buffer, needle: Buffer): number {
  let times = 0;
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + needle.length)) times++;
  return times;
}
