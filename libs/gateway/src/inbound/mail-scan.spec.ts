import { describe, expect, it } from '@jest/globals';
import { MailScan } from './mail-scan.ts';

/** What a mail gets, in pieces of each of these sizes: the same. */
function judged(mail: string): string {
  const bytes = Buffer.from(mail, 'latin1');
  const answers = [1, 2, 3, 7, 1000, bytes.length + 1].map((size) => {
    const scan = new MailScan();
    for (let at = 0; at < bytes.length; at += size) {
      const refusal = scan.take(bytes.subarray(at, at + size));
      if (refusal !== null) return refusal.enhanced;
    }
    return scan.end()?.enhanced ?? 'taken';
  });
  expect(new Set(answers).size).toBe(1);
  return answers[0] ?? '';
}
const received = (hops: number) => 'Received: from a by b;\r\n\tnow\r\n'.repeat(hops);

describe('line ends', () => {
  it('may be CR LF alone', () => expect(judged('From: a@b.example\r\n\r\nHello\r\n.\r\n')).toBe('taken'));
  it.each([
    'a\nb\r\n',
    'a\rb\r\n',
    'a\r\r\nb\r\n',
    '\nb\r\n',
    'a\r\n\n',
    'a\r\n\r',
    'a\0b\r\n',
    '\n.\n',
    '\r\n.\n',
    '\n.\r\n',
    '\r.\r\n',
  ])('refuses %j', (body) => {
    expect(judged(`Subject: x\r\n\r\n${body}`)).toBe('5.6.11');
    expect(judged(`Subject: x${body}`)).toBe('5.6.11');
  });
});

describe('the header', () => {
  it('counts hops, folded or not, and in the header alone', () => {
    expect(judged(`${received(25)}Subject: x\r\n\r\n${received(30)}`)).toBe('taken');
    expect(judged(`${received(26)}Subject: x\r\n\r\n`)).toBe('5.4.6');
    expect(judged(received(26))).toBe('5.4.6');
    expect(judged(received(26).replaceAll('Received:', 'rEcEiVeD \t:'))).toBe('5.4.6');
  });
  it('may have 1000 fields', () => {
    expect(judged(`${'X: y\r\n'.repeat(1000)}\r\nbody\r\n`)).toBe('taken');
    expect(judged(`${'X: y\r\n'.repeat(1001)}\r\nbody\r\n`)).toBe('5.6.0');
    expect(judged(`\r\n${'X: y\r\n'.repeat(1001)}`)).toBe('taken');
  });
  it('may have 256 KiB', () => {
    const field = (bytes: number) => `X: ${'y'.repeat(bytes - 3)}`;
    expect(judged(`${field(256 * 1024)}\r\n\r\nbody\r\n`)).toBe('taken');
    expect(judged(`${field(256 * 1024 + 1)}\r\n\r\nbody\r\n`)).toBe('5.6.0');
  });
  it('is not looked for in a mail without a byte', () => expect(judged('')).toBe('5.6.0'));
});
