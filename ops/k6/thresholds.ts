/**
 * How many bare pages' time the portal may take over one round of a journey, median: the bare page is asked for by the same
 * reader at the same moment, so a busy machine weighs on both. Between two and eight times of what was seen while other programs
 * had most of two processors; they find a journey that costs another order of magnitude, not one that costs a tenth more, which
 * `npm run bench` does by processor time.
 */
export const MOST_BARE_PAGES: Readonly<Record<string, number>> = {
  seal: 400,
  'hand-in': 150,
  passcode: 1500, // two hashes of argon2 among them
  account: 600,
  view: 300,
  download: 200,
  'console-search': 300,
  'audit-feed': 300,
};
