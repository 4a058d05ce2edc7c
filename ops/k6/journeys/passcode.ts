import { headingOf } from '../scripts/browser.ts';
import { newAddress, proveByCode, sealedFor } from '../scripts/steps-of-readers.ts';
import { spent } from './journey.ts';
import type { Journey } from './journey.ts';

/** From the message's page to the one that asks for the confirming click, by a code. Codes are limited by the hour: each has an address of its own. */
export const signingInByCode: Journey = {
  prepare: () => '',
  round(browser) {
    const address = newAddress();
    const message = browser.handIn(sealedFor(address)).location;
    return spent(browser, () => {
      const page = proveByCode(browser, message, address);
      if (!page.body.includes('/view"')) throw new Error(`"${headingOf(page)}": not signed in`);
    });
  },
};
