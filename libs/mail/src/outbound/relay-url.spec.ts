import { describe, expect, it } from '@jest/globals';
import { RelayUrlRefused, parseRelayUrl, parseRelayUrls } from './relay-url.ts';

describe('the relay URL', () => {
  it.each([
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, tls: 'starttls', credentials: null }],
    ['smtp://mail.example.com:25/?tls=none', { host: 'mail.example.com', port: 25, tls: 'none', credentials: null }],
    ['smtps://MAIL.example.com', { host: 'mail.example.com', port: 465, tls: 'implicit', credentials: null }],
    ['smtp://localhost', { host: 'localhost', port: 25, tls: 'none', credentials: null }],
    ['smtp://127.0.0.1:2526', { host: '127.0.0.1', port: 2526, tls: 'none', credentials: null }],
    ['smtp://[::1]:2526?tls=required', { host: '::1', port: 2526, tls: 'starttls', credentials: null }],
    [
      'smtps://portal%40example.com:p%2Fw%3A%C3%A6@mail.example.com:4650',
      {
        host: 'mail.example.com',
        port: 4650,
        tls: 'implicit',
        credentials: { user: 'portal@example.com', password: 'p/w:æ' },
      },
    ],
  ])('reads %s', (text, expected) => expect(parseRelayUrl(text)).toEqual(expected));

  it.each([
    ['mail.example.com', 'not a URL'],
    ['http://mail.example.com', 'http://'],
    ['smtp://', 'not a URL|no host'],
    ['smtp://mail.example.com/inbox', 'path'],
    ['smtp://mail.example.com?tls=maybe', 'required or none'],
    ['smtp://mail.example.com?tls=none&tls=required', 'once'],
    ['smtp://mail.example.com?rejectUnauthorized=false', 'one parameter'],
    ['smtps://mail.example.com?tls=none', 'contradict'],
    ['smtp://user@mail.example.com', 'without a password'],
    ['smtp://user:secret@mail.example.com?tls=none', 'in clear'],
    ['smtp://user:%ff@mail.example.com', 'percent-encoded'],
    ['smtp://user:se%0Dcret@mail.example.com', 'control characters'],
    ['smtp://mail.example.com:0', 'port'],
  ])('refuses %s', (text, reason) => {
    expect(() => parseRelayUrl(text)).toThrow(RelayUrlRefused);
    expect(() => parseRelayUrl(text)).toThrow(new RegExp(reason));
  });

  it('never repeats a password in its refusal', () => {
    expect(() => parseRelayUrl('smtp://user:hunter2@mail.example.com?tls=none')).not.toThrow(/hunter2/);
  });
});

describe('several relay URLs', () => {
  it('are read in their order, with spaces between, names that stand for their mail exchangers among them', () => {
    expect(parseRelayUrls(' smtps://a.example.com  mx://Example.org\nmx://example.net:2525?tls=none ')).toEqual([
      { host: 'a.example.com', port: 465, tls: 'implicit', credentials: null, byMx: false },
      { host: 'example.org', port: 25, tls: 'starttls', credentials: null, byMx: true },
      { host: 'example.net', port: 2525, tls: 'none', credentials: null, byMx: true },
    ]);
  });

  it.each([
    ['', 'empty'],
    ['smtp://a.example smtp://A.example:587', 'named twice'],
    ['smtp://a.example,smtp://b.example', 'not a URL|host name|path'],
    ['mx:example.org', 'mx://name'],
    ['mx://user:secret@example.org?tls=none', 'in clear'],
    ['mx://192.0.2.1', 'wants a name'],
    ['mx://[::1]', 'wants a name'],
    [Array.from({ length: 11 }, (_, index) => `smtp://h${index}.example`).join(' '), 'more than 10'],
  ])('are refused: %s', (text, reason) => {
    expect(() => parseRelayUrls(text)).toThrow(RelayUrlRefused);
    expect(() => parseRelayUrls(text)).toThrow(new RegExp(reason));
  });
});
