import { join } from 'node:path';
import type { House } from './house.ts';
import type { LoadSettings } from './scripts/settings.ts';

/** What one call of `npm run load` asks for; null where it leaves something to the run. */
export interface Run {
  readonly k6: string;
  readonly house: House;
  readonly directory: string;
  readonly journeys: readonly string[];
  readonly seconds: number | null;
  readonly readers: number | null;
  readonly visitSeconds: number | null;
  say(text: string): void;
}

/** For one call of k6. @param asked what differs from a short run without a pause */
export function settingsOf({ house, directory }: Run, asked: Partial<LoadSettings>): LoadSettings {
  return {
    ...house.reached,
    journeys: [],
    readers: 1,
    seconds: 10,
    paceSeconds: 0,
    readySeconds: 0,
    visitSeconds: 0,
    summaryFile: join(directory, 'summary.json'),
    ...asked,
  };
}
