import { open } from 'node:fs/promises';

/** Read at a time: keeps memory small and the event loop free, whatever the size of the file. */
const PIECE_BYTES = 1024 * 1024;

/** Whether any of these byte strings stands anywhere in the file's raw bytes. A file that is not there holds nothing. */
export async function fileHoldsAny(path: string, traces: readonly Uint8Array[]): Promise<boolean> {
  const sought = traces.map((trace) => Buffer.from(trace));
  const overlap = Math.max(0, ...traces.map((trace) => trace.length - 1));
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return false;
  try {
    const piece = Buffer.alloc(overlap + PIECE_BYTES);
    let kept = 0;
    for (;;) {
      const { bytesRead } = await file.read(piece, kept, PIECE_BYTES);
      if (bytesRead === 0) return false;
      const filled = piece.subarray(0, kept + bytesRead);
      if (sought.some((trace) => filled.includes(trace))) return true;
      kept = Math.min(overlap, filled.length);
      piece.copyWithin(0, filled.length - kept, filled.length); // a trace may lie across two pieces
    }
  } finally {
    await file.close();
  }
}
