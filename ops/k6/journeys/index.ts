import { signingInByAccount } from './account.ts';
import { followingTheFeed } from './audit-feed.ts';
import { searchingAtTheConsole } from './console-search.ts';
import { downloading } from './download.ts';
import { handingIn } from './hand-in.ts';
import type { Journey } from './journey.ts';
import { signingInByCode } from './passcode.ts';
import { sealing } from './seal.ts';
import { viewing } from './view.ts';

/** By the name that stands in reports and thresholds. */
export const journeys: Readonly<Record<string, Journey>> = {
  seal: sealing,
  'hand-in': handingIn,
  passcode: signingInByCode,
  account: signingInByAccount,
  view: viewing,
  download: downloading,
  'console-search': searchingAtTheConsole,
  'audit-feed': followingTheFeed,
};
