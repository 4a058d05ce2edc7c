import type { Browser } from '../scripts/browser.ts';

/** What one kind of visitor does, over and over. */
export interface Journey {
  /** Once for each reader, before anything is measured. @returns what `round` needs: a field of a carrier, a place */
  prepare(browser: Browser): string;
  /** One round. @returns milliseconds that the portal took over the part that the journey is about */
  round(browser: Browser, prepared: string): number;
}

/** Milliseconds that the portal takes while `work` is done. */
export function spent(browser: Browser, work: () => void): number {
  const before = browser.spentMs;
  work();
  return browser.spentMs - before;
}
