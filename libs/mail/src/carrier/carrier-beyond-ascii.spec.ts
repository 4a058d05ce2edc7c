import { expect, it } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import { carrierOf } from '../testing/carrier-of.ts';

const ciphertext = Buffer.alloc(1000, 7);

it('a carrier names mailboxes beyond ASCII where it must be internationalised anyway, and leaves them out where it need not', () => {
  const original = Buffer.from(
    'From: Office <office@example.org>\r\nTo: Åse <Åse@example.com>, "a..b."@docomo.ne.jp\r\n\r\n',
  );
  const headerOf = (mail: Buffer, recipient: string) =>
    carrierOf(mail, ciphertext, { recipient: parseMailAddress(recipient) })
      .toString()
      .split('\r\n\r\n')[0] ?? '';
  const toAse = headerOf(original, 'åse@example.com');
  expect(toAse).toContain('\r\nTo: =?utf-8?B?w4VzZQ==?= <åse@example.com>, "a..b."@docomo.ne.jp\r\n');
  const toDots = headerOf(original, '"a..b."@docomo.ne.jp');
  expect(toDots).toContain('\r\nTo: "a..b."@docomo.ne.jp\r\n');
  expect(toDots).toMatch(/^\p{ASCII}*$/u);
  const fromAse = headerOf(Buffer.from('From: åse@example.org\r\nTo: anna@example.com\r\n\r\n'), 'anna@example.com');
  expect(fromAse).toMatch(/^From: åse@example\.org\r\nTo: anna@example\.com\r\n/);
});
