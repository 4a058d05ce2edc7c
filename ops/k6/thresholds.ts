/**
 * How many bare pages' time the portal may take over one round of a journey, median: the bare page is asked for by the same
 * reader at the same moment, so a busy machine weighs on both.
 */
export const MOST_BARE_PAGES: Readonly<Record<string, number>> = {
  seal: 1000,
  'hand-in': 1000,
  passcode: 1000,
  account: 1000,
  view: 1000,
  download: 1000,
  'console-search': 1000,
  'audit-feed': 1000,
};
