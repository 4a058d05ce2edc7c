import { fileOn, newAddress, signedIn, view } from '../scripts/steps-of-readers.ts';
import { spent } from './journey.ts';
import type { Journey } from './journey.ts';

/** A file of 20 KB out of a message that is shown. */
export const downloading: Journey = {
  prepare: (browser) => signedIn(browser, newAddress()),
  round(browser, field) {
    const message = browser.handInAgain(field).location;
    const page = view(browser, message, browser.get(message));
    const ms = spent(browser, () => {
      const { body } = browser.submit(page, fileOn(page));
      if (!body.includes('A line of the note')) throw new Error('a file of something else');
    });
    browser.submit(page, `${message}/finish`);
    return ms;
  },
};
