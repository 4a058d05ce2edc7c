import { describe, expect, it } from '@jest/globals';
import { linkAddress } from './link-address.ts';

describe('the address of a link', () => {
  it.each([
    ['https://example.com', 'https://example.com/', 'example.com'],
    ['HTTP://EXAMPLE.com:8080/A?b#c', 'http://example.com:8080/A?b#c', 'example.com:8080'],
    ['https://bank.example@evil.example/', 'https://evil.example/', 'evil.example'],
    ['https://bank.example:pw@evil.example/', 'https://evil.example/', 'evil.example'],
    ['https://bаnk.example/', 'https://xn--bnk-6cd.example/', 'xn--bnk-6cd.example'],
    ['https://evil%2Eexample/', 'https://evil.example/', 'evil.example'],
    ['https://0x7f.1/', 'https://127.0.0.1/', '127.0.0.1'],
    ['https://bank.example\\@evil.example/', 'https://bank.example/@evil.example/', 'bank.example'],
    ['https://evil\u200b.example\u202e/', null, null],
    ['www.nordlys.example/sag', 'http://www.nordlys.example/sag', 'www.nordlys.example'],
    ['www.bank.example@evil.example/', 'http://evil.example/', 'evil.example'],
    ['tel:+4555512345', 'tel:+4555512345', '+4555512345'],
    ['tel:(555) 123-45', 'tel:55512345', '55512345'],
    ['tel:*21*+4512345678#', null, null],
    [
      'mailto:a@b.example?subject=Re%20case&body=I+accept%0D%0A1&attach=/etc/passwd&bcc=x@y.example',
      'mailto:a@b.example?subject=Re%20case&body=I%2Baccept%0D%0A1',
      'a@b.example',
    ],
    ['mailto:?subject=Look', 'mailto:?subject=Look', 'mailto:'],
    ['mailto:a@b.example,%20c@d.example', 'mailto:a@b.example,c@d.example', 'a@b.example,+1'],
    ['mailto:a\u202e@b.example', 'mailto:a%E2%80%AE@b.example', 'a%E2%80%AE@b.example'],
    [
      'mailto:"boss@bank.example"@evil.example',
      'mailto:%22boss@bank.example%22@evil.example',
      '%22boss@bank.example%22@evil.example',
    ],
    ['mailto:', null, null],
    ['javascript:alert(1)', null, null],
    ['//evil.example', null, null],
    ['/console', null, null],
    ['https://', null, null],
    [`https://example.com/${'a'.repeat(4000)}`, null, null],
  ])('%s', (given, href, target) => {
    const address = linkAddress(given);
    expect([address?.href ?? null, address?.target ?? null]).toEqual([href, target]);
    if (address) {
      expect(linkAddress(address.href)).toEqual(address);
      expect(address.target).toMatch(/^[\x21-\x7e]+$/);
    }
  });
});
