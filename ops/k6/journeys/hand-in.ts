import { newAddress, sealedFor } from '../scripts/steps-of-readers.ts';
import { spent } from './journey.ts';
import type { Journey } from './journey.ts';

/** The button in the attachment, and the page that it leads to. Each is of a mail that was just sealed: one that waits already would only be compared. */
export const handingIn: Journey = {
  prepare: () => '',
  round(browser) {
    const field = sealedFor(newAddress());
    return spent(browser, () => {
      browser.get(browser.handIn(field).location);
    });
  },
};
