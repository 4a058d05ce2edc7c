import { describe, expect, it } from '@jest/globals';
import { CarrierReader } from './carrier-reader.ts';
import { MessagePageScanner } from './message-page-scanner.ts';
import { CARRIER_MARK } from './message-page.ts';

/** Anybody may hand anything in, and it is taken apart on the thread that serves everybody. */
describe('what a hostile carrier costs', () => {
  it('is no more than its length, however a page is made to be searched again and again', () => {
    const hostile = Buffer.from(`<html>${CARRIER_MARK}1">${`<input ${'name=m '.repeat(56)}`.repeat(600)}`);
    const milliseconds = (pieceBytes: number) => {
      const begun = process.cpuUsage(); // the clock counts what else the machine does
      for (let run = 0; run < 20; run++) {
        const scanner = new MessagePageScanner(Infinity);
        for (let start = 0; start < hostile.length; start += pieceBytes)
          scanner.push(hostile.subarray(start, start + pieceBytes));
      }
      const { user, system } = process.cpuUsage(begun); // of so short a time only their sum is exact
      return (user + system) / 1000;
    };
    milliseconds(hostile.length); // so that both are compiled
    const atOnce = milliseconds(hostile.length);
    expect(milliseconds(4096)).toBeLessThan(8 * atOnce); // 25 to 30 times, were it searched from its start each time
  });

  it('is bounded for headers: of 2 MiB in all, the rest is not looked at', () => {
    const parts = Array.from({ length: 60 }, () => `--b\r\n${'a: bcdefgh\r\n'.repeat(8000)}\r\nx\r\n`).join('');
    const mail = Buffer.from(`From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${parts}`);
    const reader = new CarrierReader();
    let read = 0;
    expect(() => {
      for (; read < mail.length; read += 65_536) reader.push(mail.subarray(read, read + 65_536));
    }).toThrow(expect.objectContaining({ reason: 'no-carrier' }));
    expect(read).toBeLessThan(2.2 * 1024 * 1024);
  });

  it('is bounded for the lines of a header: what stands behind thousands of them is not looked at', () => {
    const page = Buffer.from(`<html>${CARRIER_MARK}1"><input type="hidden" name="m" value="c2VnbA">`);
    const found = (recipients: number) => {
      const to = `To: a@b.example${',\r\n a@b.example'.repeat(recipients)}\r\n`;
      const reader = new CarrierReader();
      const mail = `From: a@b.example\r\n${to}Content-Transfer-Encoding: base64\r\n\r\n${page.toString('base64')}\r\n`;
      return Buffer.concat([reader.push(Buffer.from(mail)), reader.end()]).toString();
    };
    expect(found(5000)).toBe('segl');
    expect(() => found(10_000)).toThrow(expect.objectContaining({ reason: 'no-carrier' }));
  });
});

describe('the field in a page', () => {
  it('is found wherever the steps of the search cut it', () => {
    for (let filler = 3300; filler < 4300; filler += 7) {
      const scanner = new MessagePageScanner(Infinity);
      const page = Buffer.from(
        `<html>${CARRIER_MARK}1">${'x'.repeat(filler)}<input type="hidden"${' '.repeat(150)} name = "m" ${' '.repeat(150)} value = "c2VnbA">`,
      );
      const found: Buffer[] = [];
      for (let start = 0; start < page.length; start += 64) found.push(scanner.push(page.subarray(start, start + 64)));
      found.push(scanner.end());
      expect(Buffer.concat(found).toString()).toBe('segl');
    }
  });
});
