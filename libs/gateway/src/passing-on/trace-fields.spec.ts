import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { cutTrace, putBack } from './trace-fields.ts';

const FIELDS = [
  'Received: from a by b;\r\n\tMon, 30 Nov 2026 10:00:00 +0000\r\n',
  'Return-Path: <a@example.org>\r\n',
  'ARC-Seal: i=1\r\n',
  'X-MS-Exchange-CrossTenant-Id: 1\r\n folded\r\n',
  'Message-ID: <1@example.org>\r\n',
  'Subject: Received: no\r\n Received: folded\r\n',
  'X-Receipt: x\r\n',
  'Date: now\r\n',
];
const headers = fc
  .array(fc.constantFrom(...FIELDS), { maxLength: 12 })
  .map((fields) => Buffer.from(`${fields.join('')}\r\n`));

describe('trace fields', () => {
  it('are cut out with their folded lines, and nothing else is', () => {
    const { kept, cut } = cutTrace(Buffer.from(`${FIELDS.join('')}\r\n`));
    expect(kept.toString()).toBe(`${FIELDS.slice(4).join('')}\r\n`);
    expect(cut.map(({ text }) => text).join('')).toBe(FIELDS.slice(0, 4).join(''));
  });

  it('go back to where they stood, whatever the header', () =>
    fc.assert(fc.property(headers, (header) => putBack(cutTrace(header)).equals(header))));

  it('of another try make no other mail, and go back into its place', () => {
    const first = Buffer.from('Received: by one\r\nDate: now\r\nReceived: by two\r\nSubject: x\r\n\r\n');
    const second = Buffer.from('Received: by three\r\nReceived: by four\r\nDate: now\r\nSubject: x\r\n\r\n');
    expect(cutTrace(second).kept.equals(cutTrace(first).kept)).toBe(true);
    expect(putBack({ kept: cutTrace(second).kept, cut: cutTrace(first).cut }).equals(first)).toBe(true);
  });
});
