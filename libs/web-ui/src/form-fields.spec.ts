import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFormFields } from './form-fields.ts';

const read = (text: string, maxFields = 96) => readFormFields(Buffer.from(text), maxFields);

describe('the fields of a form', () => {
  it('are those that a browser sends, whatever stands in them', () => {
    const name = fc.string({ unit: 'binary' }).filter((each) => each !== 'code');
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, fc.string({ unit: 'binary' })), { selector: ([key]) => key }),
        (sent) => {
          const form = read(new URLSearchParams(sent).toString());
          expect('fields' in form && Object.entries(form.fields)).toEqual(Object.entries(Object.fromEntries(sent)));
        },
      ),
    );
  });

  it('give a code as bytes, and leave nothing of it in the body', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (code) => {
        const body = Buffer.from(new URLSearchParams({ csrf: 'x', code }).toString());
        const form = readFormFields(body, 96);
        if ('fault' in form) throw new Error(form.fault);
        expect(form.fields['csrf']).toBe('x');
        expect(Buffer.from(form.fields['code'] as Uint8Array).toString()).toBe(Buffer.from(code).toString());
        expect(form.secrets).toEqual([form.fields['code']]);
        expect(body.every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  it('know a code by its name however that is written, and take what is no escape as it stands', () => {
    const form = read('c%6Fde=12%2034+5%zz%4&csrf=%');
    if ('fault' in form) throw new Error(form.fault);
    expect(form.fields['code']).toEqual(new Uint8Array(Buffer.from('12 34 5%zz%4')));
    expect(form.fields['csrf']).toBe('%');
  });

  it.each(['csrf=x&csrf=y', 'code=1&code=2', 'a=1&%61=2', '__proto__=1&__proto__=2'])('are refused twice: %s', (text) =>
    expect(read(text)).toEqual({ fault: 'field-twice' }),
  );

  it('are refused where they are too many, and nothing is nothing', () => {
    expect(read('a=1&b=2&c=3', 2)).toEqual({ fault: 'too-many-fields' });
    expect(read('')).toEqual({ fields: {}, secrets: [] });
    expect(read('&&a=&__proto__=z&constructor=1')).toMatchObject({ fields: { a: '', constructor: '1' } });
  });
});
