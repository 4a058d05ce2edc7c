import { describe, expect, it } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import { MailHeaderCollector } from '../syntax/header-fields.ts';
import { likelyLanguages } from './likely-languages.ts';

const said = (address: string | null, header = '', locales = ['en', 'da']) => {
  const collector = new MailHeaderCollector();
  collector.push(Buffer.from(`${header}\r\n\r\n`));
  const recipient = address === null ? undefined : parseMailAddress(address);
  return likelyLanguages(locales, { recipient, mailHeader: collector.header() });
};

describe('the languages of a carrier', () => {
  it.each([
    ['a country’s domain', 'a@firma.dk', '', ['da', 'en']],
    ['a domain of another country that is not offered', 'a@firma.fi', '', ['en', 'da']],
    ['no country', 'a@example.com', '', ['en', 'da']],
    ['the mail’s own language', 'a@example.com', 'Content-Language: da', ['da', 'en']],
    ['the writer’s, by weight', 'a@example.com', 'Accept-Language: fr, en;q=0.3, da-DK;q=0.8', ['da', 'en']],
    ['a weight of nothing', 'a@example.com', 'Accept-Language: da;q=0', ['en', 'da']],
    ['the domain before the mail', 'a@example.co.uk', 'Content-Language: da', ['en', 'da']],
    ['the mail before its writer', 'a@example.org', 'Content-Language: da\r\nAccept-Language: en', ['da', 'en']],
    ['what is no language', 'a@example.org', 'Content-Language: ;;,--,\u0000, da da, x', ['en', 'da']],
    ['nobody in particular', null, 'Content-Language: da', ['da', 'en']],
  ])('%s', (_what, address, header, expected) => {
    expect(said(address, header).locales).toEqual(expected);
  });

  it('are all of them and no other, and say whether anything was known', () => {
    expect(said('a@firma.dk', '', ['en'])).toEqual({ locales: ['en'], isGuess: false });
    expect(said('a@firma.dk', '', ['da'])).toEqual({ locales: ['da'], isGuess: true });
    expect(said('a@example.io')).toEqual({ locales: ['en', 'da'], isGuess: false });
  });
});
