import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { isEmbedded, isOfDemonstration, sqlitePath, storeUrlFault } from '#libs/installation';
import type { StoreFiles, StorePlace } from '#libs/installation';
import { Refused, Unavailable, UsageFault } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';

/** What both copying commands take: two stores, and what a server on either side wants to see. */
export interface CopyOptions {
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
}

/** @throws UsageFault, Unavailable, Refused before anything is opened */
export function checkPlaces(store: 'eventStore' | 'personKeys', { from, to }: CopyOptions): void {
  for (const [option, url] of [['--from', from] as const, ['--to', to] as const]) {
    const fault = storeUrlFault(store, url);
    if (fault !== null) throw new UsageFault(`${option}: ${fault}`);
  }
  const [source, target] = [fileOf(store, from), fileOf(store, to)];
  if (from === to || (source !== null && source === target)) throw new UsageFault('--from and --to are the same store');
  if (source !== null && !existsSync(source)) throw new Unavailable(`there is nothing at ${source}`);
  if (target !== null && !existsSync(dirname(target))) {
    throw new Unavailable(`there is no directory ${dirname(target)}: make it, it is to hold the copy`);
  }
  const isDemonstration = source !== null && isOfDemonstration(dirname(source));
  const isToDemonstration = target !== null && isOfDemonstration(dirname(target));
  if (isDemonstration !== isToDemonstration) {
    throw new Refused('one of the two is a demonstration’s: its data stays what it is');
  }
}

/** The file of an embedded store; null for a server. */
function fileOf(store: 'eventStore' | 'personKeys', url: string): string | null {
  return isEmbedded(store, url) ? sqlitePath(url) : null;
}

/** What an option names wins over the configuration; what neither names is not there. */
export function placeFor(url: string, configured: StoreFiles, given: StoreFiles): StorePlace {
  const named = Object.fromEntries(Object.entries(given).filter(([, path]) => path !== undefined));
  return { url, files: { ...configured, ...named }, onNotice: () => undefined };
}

/** Milliseconds between two lines of progress. */
const PROGRESS_EVERY_MS = 2000;

/** Reports on stderr how far a long copy is, a line every two seconds. */
export function progressTo(terminal: Terminal, what: string): (step: string, done: number) => void {
  let toldAt = performance.now();
  return (step, done) => {
    const now = performance.now();
    if (now - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = now;
    terminal.say(`${step}: ${done} ${what}`);
  };
}
