import { matched } from '../scripts/steps-of-readers.ts';
import { spent } from './journey.ts';
import type { Journey } from './journey.ts';

/** An auditor asks the console what was sealed. */
export const searchingAtTheConsole: Journey = {
  prepare(browser) {
    const begun = browser.follow(browser.get('/console/sign-in/begin'));
    const overview = browser.follow(browser.get(matched(begun, /"(\/sign-in\/[^"/]+\/with\/organisation[^"]*)"/)));
    if (!overview.body.includes('Signed in as')) throw new Error('not signed in at the console');
    return '/console/search?order=newest-first&type=MessageSealed';
  },
  round: (browser, place) =>
    spent(browser, () => {
      if (!browser.get(place).body.includes('Search the record')) throw new Error('a page of something else');
    }),
};
