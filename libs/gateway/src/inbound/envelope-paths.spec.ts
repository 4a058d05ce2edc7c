import { describe, expect, it } from '@jest/globals';
import { forwardPathOf, reversePathOf } from './envelope-paths.ts';

const bytes = (text: string) => Buffer.from(text);
const from = (text: string) => reversePathOf(bytes(text), ['docomo.ne.jp']);
const to = (text: string, isUtf8Asked = false) =>
  forwardPathOf(bytes(text), { isUtf8Asked, unquotedDotsAt: ['docomo.ne.jp'] });
const refused = (enhanced: string) => ({ refusal: expect.objectContaining({ enhanced }) });

describe('the path of MAIL', () => {
  it.each([
    ['MAIL FROM:<Office@Nordlys.Example>', 'office@nordlys.example'],
    ['mail from:<office@nordlys.example> SIZE=10 BODY=8BITMIME', 'office@nordlys.example'],
    ['MAIL FROM: <office@nordlys.example>', 'office@nordlys.example'],
    ['MAIL FROM:<office@blåbær.example> SMTPUTF8', 'office@xn--blbr-roah.example'],
    ['MAIL FROM:<Kontør@nordlys.example> SMTPUTF8', 'kontør@nordlys.example'],
    ['MAIL FROM:<"office"@nordlys.example>', 'office@nordlys.example'],
    ['MAIL FROM:<a..b.@docomo.ne.jp>', '"a..b."@docomo.ne.jp'],
    ['MAIL FROM:<> BODY=8BITMIME', null],
  ])('%s', (command, address) => expect(from(command)).toEqual({ address }));

  it.each([
    ['MAIL FROM:<office@blåbær.example>', '5.6.7'],
    ['MAIL FROM:<kontør@nordlys.example>', '5.6.7'],
    ['MAIL FROM:<оffice@nordlys.example> SMTPUTF8', '5.1.3'], // its first letter is Cyrillic
    ['MAIL FROM:<"office x"@nordlys.example>', '5.1.7'],
    ['MAIL FROM:<office>', '5.1.7'],
    ['MAIL FROM:<office@nordlys.example> RET=FULL', '5.5.4'],
    ['MAIL FROM:<@a.example:office@nordlys.example>', '5.1.3'],
  ])('refuses %s', (command, enhanced) => expect(from(command)).toEqual(refused(enhanced)));
});

describe('the path of RCPT', () => {
  it('is one plain address', () => expect(to('RCPT TO:<Anna@Example.COM>')).toEqual({ address: 'anna@example.com' }));
  it('may have a domain outside ASCII where MAIL said so', () =>
    expect(to('RCPT TO:<anna@blåbær.example>', true)).toEqual({ address: 'anna@xn--blbr-roah.example' }));

  it.each([
    ['RCPT TO:<"A..b."@docomo.ne.jp>', '"a..b."@docomo.ne.jp'],
    ['RCPT TO:<a..b.@Docomo.ne.jp>', '"a..b."@docomo.ne.jp'],
    ['RCPT TO:<"a..b."@example.com>', '"a..b."@example.com'],
    ['RCPT TO:<"anna"@example.com>', 'anna@example.com'],
    ['RCPT TO:<Åse@blåbær.example>', 'åse@xn--blbr-roah.example'],
    ['RCPT TO:<a\u030ase@example.com>', 'åse@example.com'],
  ])('is one mailbox however it is written: %s', (command, address) => expect(to(command, true)).toEqual({ address }));

  it.each([
    ['RCPT TO:<a..b.@example.com>', '5.1.3'],
    ['RCPT TO:<"anna@evil.example"@example.com>', '5.1.3'],
    ['RCPT TO:<>', '5.1.3'],
    ['RCPT TO:<@relay.example:anna@example.com>', '5.1.3'],
    ['RCPT TO:<@relay.example,@other.example:anna@example.com>', '5.1.3'],
    ['RCPT TO:<anna%example.com@nordlys.example>', '5.1.3'],
    ['RCPT TO:<other.example!anna@example.com>', '5.1.3'],
    ['RCPT TO:<"anna@evil.example x"@example.com>', '5.1.3'],
    ['RCPT TO:<anna@[127.0.0.1]>', '5.1.3'],
    ['RCPT TO:<anna@example.com(x)>', '5.1.3'],
    ['RCPT TO:<anna@example.com> <bo@example.com>', '5.5.4'],
    ['RCPT TO:<anna＠example.com@example.com>', '5.6.7'],
  ])('refuses %s', (command, enhanced) => expect(to(command)).toEqual(refused(enhanced)));

  it('leaves what is no such command to the server', () => {
    expect(to('RCPT TO:anna@example.com')).toBeNull();
    expect(to('RCPT TO <anna@example.com>')).toBeNull();
  });
  it('refuses bytes that are not UTF-8', () =>
    expect(
      forwardPathOf(Buffer.from('RCPT TO:<\xe6@example.com>', 'latin1'), { isUtf8Asked: true, unquotedDotsAt: [] }),
    ).toEqual(refused('5.5.2')));
});
