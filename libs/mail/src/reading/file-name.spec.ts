import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { safeFileName } from './file-name.ts';

describe('names for attachments', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['Rødgrød med fløde.docx', 'Rødgrød med fløde.docx'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Windows\\system32\\evil.exe', 'evil.exe'],
    ['invoice\u202Efdp.exe', 'invoicefdp.exe'],
    ['a\u2066b\u2069\u200F\uFEFF.txt', 'ab.txt'],
    ['two\r\nlines\t.txt', 'two lines .txt'],
    ['a\0b<c>d"e|f?g*h:i.txt', 'ab_c_d_e_f_g_h_i.txt'],
    ['.htaccess', 'htaccess'],
    ['trailing. . .', 'trailing'],
    ['nul', '_nul'],
    ['COM1.txt', '_COM1.txt'],
    [`${'é'.repeat(300)}.tar.gz`, `${'é'.repeat(77)}.gz`],
    ['💌'.repeat(100), '💌'.repeat(80)],
    ['', 'attachment-4.pdf'],
    ['/', 'attachment-4.pdf'],
    ['\u202E', 'attachment-4.pdf'],
    [null, 'attachment-4.pdf'],
  ])('%j becomes %j', (given, expected) => expect(safeFileName(given, 'application/pdf', 3)).toBe(expected));

  it('always gives a name that can be saved', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (given) => {
        const name = safeFileName(given, 'x/y', 0);
        expect(name).toMatch(/^[^\p{Cc}\p{Cs}/\\<>:"|?*\u202a-\u202e\u2066-\u2069]+$/u);
        expect(name).not.toMatch(/^[\s.]|[\s.]$/);
        expect([...name].length).toBeLessThanOrEqual(81);
      }),
    ));
});
