/**
 * What is counted, each on its own. A value is one of a small known set; nothing that names a person, a message or a moment
 * can be one. The only open set is the versions of known browsers, and that is bounded. Errors are not among them: those who meet them have mostly
 * proven nothing, and are counted by the machine alone (`Metrics.countError`).
 */
export interface Dimensions {
  /** A message was shown: as a page, made for paper, or saved as the original. */
  readonly 'message-view': 'page' | 'print' | 'original';
  /** Saved, or looked at in the browser. */
  readonly 'attachment-download': 'attachment' | 'shown';
  /** By the method of the proof: `passcode`, later the kinds of account. */
  readonly 'sign-in': string;
  readonly 'hand-in-to-page': HandInToPage;
  /** Family and major version, as `clientOf` tells them: `Firefox 145`. */
  readonly browser: string;
  readonly system: string;
  readonly app: string;
}

export type Dimension = keyof Dimensions;

export const DIMENSIONS = [
  'message-view',
  'attachment-download',
  'sign-in',
  'hand-in-to-page',
  'browser',
  'system',
  'app',
] as const satisfies readonly Dimension[];

/** What a cell may be named: our own codes and names, never free text. Anything else is counted as `other`. */
const VALUE = /^[A-Za-z][A-Za-z0-9-]*( [A-Za-z][A-Za-z0-9-]*)*( [0-9]{1,3})?$/;
const MAX_VALUE_CHARACTERS = 48;

export const OTHER = 'other';

export function cellValue(value: string): string {
  return value.length <= MAX_VALUE_CHARACTERS && VALUE.test(value) ? value : OTHER;
}

/** Upper bounds in seconds: fine enough to see that codes come late, too coarse to find a visit by. */
const HAND_IN_TO_PAGE = [
  [30, 'under-30-seconds'],
  [60, 'under-1-minute'],
  [120, 'under-2-minutes'],
  [300, 'under-5-minutes'],
  [900, 'under-15-minutes'],
] as const;

export type HandInToPage = (typeof HAND_IN_TO_PAGE)[number][1] | 'longer';

export function handInToPage(seconds: number): HandInToPage {
  return HAND_IN_TO_PAGE.find(([bound]) => seconds < bound)?.[1] ?? 'longer';
}
