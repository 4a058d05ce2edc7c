import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import libmime from 'libmime';
import { fieldWithParameters, fileNameOf } from './parameters.ts';

const nameIn = (disposition: string, type = ''): string | null =>
  fileNameOf(fieldWithParameters(disposition), fieldWithParameters(type));

describe('a field with parameters', () => {
  it.each([
    ['Text/HTML; Charset="UTF-8"', 'text/html', { charset: 'UTF-8' }],
    ['multipart/mixed; boundary="a;b=c"; x', 'multipart/mixed', { boundary: 'a;b=c', x: '' }],
    ['multipart/mixed (of many; parts); boundary=b (end)', 'multipart/mixed', { boundary: 'b' }],
    ['a/b; boundary=(c)b', 'a/b', { boundary: '(c)b' }],
    ['a/b; x="1" junk; x=2', 'a/b', { x: '1' }],
    ['a/b; x="q\\"uo\\\\ted', 'a/b', { x: 'q"uo\\ted' }],
    ['"base64"', 'base64', {}],
    ['base64;', 'base64', {}],
    ['', '', {}],
    ['a/b; x=(never closed; y=1', 'a/b', { x: '(never closed', y: '1' }],
  ])('%j', (field, value, parameters) => {
    const read = fieldWithParameters(field);
    expect({ value: read.value, parameters: Object.fromEntries(read.parameters) }).toEqual({ value, parameters });
  });

  it('reads plain fields as libmime does, by whose boundaries a mail is split', () => {
    const token = fc.string({ unit: fc.constantFrom('a', 'B', '1', '-', "'", '(', ')', '=', ' '), maxLength: 6 });
    const quoted = fc
      .string({ unit: fc.constantFrom('a', ' ', ';', '=', '(', '\\\\', '\\"', "'"), maxLength: 6 })
      .map((text) => `"${text}"`);
    const parameter = fc.tuple(
      fc.constantFrom('boundary', 'Charset', 'x'),
      fc.constantFrom('=', ' = ', '='),
      fc.oneof(token, quoted),
      fc.constantFrom('', ' ', ' (comment; of ours)'),
    );
    fc.assert(
      fc.property(fc.array(parameter, { maxLength: 4 }), (parameters) => {
        const field = ['a/b', ...parameters.map((each) => each.join(''))].join('; ');
        expect(Object.fromEntries(fieldWithParameters(field).parameters)).toEqual({
          ...libmime.parseHeaderValue(field, { stripComments: true }).params,
        });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the name of a file', () => {
  it.each([
    ['attachment; filename=Invoice(1).pdf', 'Invoice(1).pdf'],
    ['attachment; filename=my file.pdf ; size=1', 'my file.pdf'],
    ["attachment; filename*=utf-8'da'r%C3%B8d.pdf; filename=rod.pdf", 'rød.pdf'],
    ["attachment; filename*=iso-8859-1''r%F8d.pdf", 'rød.pdf'],
    ["attachment; filename*0*=utf-8''r%C3; filename*1*=%B8d; filename*2=.pdf", 'rød.pdf'],
    ['attachment; filename*1=b.pdf; filename*0=a', 'ab.pdf'],
    ["attachment; filename*=utf-8''100%.pdf", '100%.pdf'],
    ['attachment; filename="=?utf-8?Q?r=C3=B8d?= =?utf-8?Q?gr=C3=B8d.pdf?="', 'rødgrød.pdf'],
    ["attachment; filename*=utf-8''%3D%3Futf-8%3FQ%3Fa%3F%3D", '=?utf-8?Q?a?='],
    ['attachment', null],
    ['attachment; filename=""', null],
  ])('%s', (disposition, name) => expect(nameIn(disposition)).toBe(name));

  it('stands in the type where the disposition has none', () =>
    expect(nameIn('inline', "a/b; name*=utf-8''%C3%A6.txt")).toBe('æ.txt'));
});
