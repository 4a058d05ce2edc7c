import { fieldOf, newAddress, seal } from '../scripts/steps-of-readers.ts';
import { spent } from './journey.ts';
import type { Journey } from './journey.ts';

/** The button in the attachment, and the page that it leads to. Each is of a mail that was just sealed: one that waits already would only be compared. */
export const handingIn: Journey = {
  prepare: () => '',
  round(browser) {
    const field = fieldOf(seal(browser, newAddress(), 'handed-out'));
    return spent(browser, () => {
      browser.get(browser.handIn(field).location);
    });
  },
};
