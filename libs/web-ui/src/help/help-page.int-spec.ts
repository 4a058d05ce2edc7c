import { expect, it } from '@jest/globals';
import { openTestPortal } from '../testing/index.ts';
import { PrivacyController } from '../privacy/privacy-controller.ts';
import { HelpController } from './help-controller.ts';

it.each([
  ['codes alone', [], true, /\baccount/i, /enter the code that we send/],
  ['accounts alone', ['id.nordlys.example'], false, /\bcode\b/i, /sign in with an account you have/],
  ['both', ['Google'], true, /nothing of the kind/, /sign in with an account you have, or enter a code/],
] as const)(
  'help and privacy speak of the ways that there are: %s',
  async (_, accountProviders, hasCodes, not, words) => {
    const controllers = [HelpController, PrivacyController];
    const portal = await openTestPortal({ controllers }, { accountProviders, hasCodes });
    try {
      const help = await portal.browser().get('/help');
      expect(help.text).toMatch(words);
      expect(help.text).not.toMatch(not);
      const privacy = await portal.browser().get('/privacy');
      expect(/You can ask for a code/.test(privacy.text)).toBe(hasCodes);
      expect(/you enter its password with its provider/.test(privacy.text)).toBe(accountProviders.length > 0);
    } finally {
      await portal.close();
    }
  },
);
