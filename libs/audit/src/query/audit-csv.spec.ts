import { expect, it } from '@jest/globals';
import { auditCsvLine, csvField, exactCsvField } from './audit-csv.ts';
import type { AuditRow } from './audit-page.ts';

const FORMULA = /^[=+\-@\t\r\n]/;

it.each([
  ['=1+1', `"'=1+1"`],
  ['-5', `"'-5"`],
  ['\ttext', `"'\ttext"`],
  ['offer.pdf;=HYPERLINK("http://evil.example")', `"offer.pdf;'=HYPERLINK(""http://evil.example"")"`],
  ['a;@b;+c', `"a;'@b;'+c"`],
  ['two\n=lines', `"two\n'=lines"`],
  ['plain; and simple', 'plain; and simple'],
  ['say "so", please', '"say ""so"", please"'],
])('makes text of what a spreadsheet would take for a formula: %j', (text, field) => {
  expect(csvField(text)).toBe(field);
});

it('leaves no formula in any cell, whether the spreadsheet cuts at commas or, as in Denmark, at semicolons', () => {
  const data = { fileName: 'x;=cmd|calc', reason: 'a;-1;@x;+2', note: 'b; =c' };
  const line = auditCsvLine({ sequence: 1, type: 'AttachmentDownloaded', data } as unknown as AuditRow);
  expect(line.split(';').filter((cell) => FORMULA.test(cell))).toEqual([]);
  const [, json = ''] = /,"(\{.*\})"\r\n$/.exec(line) ?? [];
  expect(JSON.parse(json.replaceAll('""', '"'))).toEqual(data);
});

it('changes no character of what is read back', () => {
  for (const text of ['{"a":"x;=1"}', 'log\n1\n+base64=\n\n— log x\n', ''])
    expect(exactCsvField(text).replace(/^"|"$/g, '').replaceAll('""', '"')).toBe(text);
});
