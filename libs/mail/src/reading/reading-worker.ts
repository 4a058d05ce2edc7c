import { setPriority } from 'node:os';

/**
 * Below the main thread: whoever asks for a page or /healthz comes before a hostile mail. On Linux this is of the calling thread alone.
 * Before anything is loaded: that takes as long as a large mail does, each time that a mail has cost its thread.
 */
function stepBack(): void {
  try {
    setPriority(10);
  } catch {
    // A sandbox may forbid it, as one without systemd's @resources does: mails are read all the same.
  }
}
if (process.platform === 'linux') stepBack();

await import('./reading-thread.ts');
