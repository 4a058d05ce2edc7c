import { newAddress, signedIn, view } from '../scripts/steps-of-readers.ts';
import { spent } from './journey.ts';
import type { Journey } from './journey.ts';

/** The confirming click of somebody who is signed in, and the message. */
export const viewing: Journey = {
  prepare: (browser) => signedIn(browser, newAddress()),
  round(browser, field) {
    const message = browser.handInAgain(field).location;
    let page = browser.get(message);
    const ms = spent(browser, () => {
      page = view(browser, message, page);
    });
    browser.submit(page, `${message}/finish`);
    return ms;
  },
};
