import { headingOf } from '../scripts/browser.ts';
import { newAddress, proveByAccount, sealedFor } from '../scripts/steps-of-readers.ts';
import { spent } from './journey.ts';
import type { Journey } from './journey.ts';

/** The same by an account; what the provider takes over its own pages is not counted, what the portal asks it is. */
export const signingInByAccount: Journey = {
  prepare: () => '',
  round(browser) {
    const message = browser.handIn(sealedFor(newAddress())).location;
    return spent(browser, () => {
      const page = proveByAccount(browser, message);
      if (!page.body.includes('/view"')) throw new Error(`"${headingOf(page)}": not signed in`);
    });
  },
};
