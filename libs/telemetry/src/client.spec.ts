import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clientOf } from './client.ts';

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const ANDROID = 'Mozilla/5.0 (Linux; Android 14; SM-S921B)';

describe('what is kept of a user agent', () => {
  it.each([
    [
      `${WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36`,
      'Chrome 142',
      'Windows',
      'computer-browser',
    ],
    [
      `${WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.1.2`,
      'Edge 142',
      'Windows',
      'computer-browser',
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
      'Firefox 145',
      'Linux',
      'computer-browser',
    ],
    [`${IPHONE} Version/17.4 Mobile/15E148 Safari/604.1`, 'Safari 17', 'iOS', 'phone-browser'],
    [`${IPHONE} Mobile/15E148`, 'Safari', 'iOS', 'app-view'],
    [
      `${ANDROID} AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36`,
      'Samsung Internet 25',
      'Android',
      'phone-browser',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; SM-S921B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/142.0.0.0 Mobile Safari/537.36',
      'Chrome 142',
      'Android',
      'app-view',
    ],
    ['curl/8.5.0', 'other', 'other', 'program'],
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'other', 'other', 'program'],
    ['AnnasOwnBrowser/7.1 (anna@example.com)', 'other', 'other', 'other'],
    ['', 'other', 'other', 'other'],
    [undefined, 'other', 'other', 'other'],
  ])('%s', (userAgent, browser, system, app) => {
    expect(clientOf(userAgent)).toEqual({ browser, system, app });
  });

  it('is one of a small set, whatever is sent', () => {
    const parts = fc.constantFrom(
      'Chrome/',
      'Firefox/',
      ' Safari/',
      'Version/',
      'Edg/',
      '(iPhone; ',
      '12345678',
      '1.2',
      'anna@b.dk',
      ' ',
      '(',
      ';',
      'bot',
    );
    const anything = fc.oneof(
      fc.string({ maxLength: 2000 }),
      fc.array(parts, { maxLength: 60 }).map((texts) => texts.join('')),
    );
    fc.assert(
      fc.property(anything, (userAgent) => {
        const { browser, system, app } = clientOf(userAgent);
        expect(browser).toMatch(
          /^(other|(Chrome|Edge|Firefox|Safari|Samsung Internet|Opera|Internet Explorer|Android Browser)( [1-9]\d{0,2})?)$/,
        );
        expect(system).toMatch(/^(other|Windows|macOS|Linux|Android|iOS|ChromeOS)$/);
        expect(app).toMatch(/^(computer-browser|phone-browser|tablet-browser|app-view|program|other)$/);
      }),
      { numRuns: 300 },
    );
  });
});
