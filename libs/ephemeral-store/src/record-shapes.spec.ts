import { describe, expect, it } from '@jest/globals';
import {
  isFlag,
  isNumber,
  isText,
  listOf,
  oneOf,
  orAbsent,
  orNull,
  recordLike,
  recordOf,
  tableOf,
} from './record-shapes.ts';

interface Ticket {
  readonly name: string;
  readonly tries: number;
  readonly isSpent: boolean;
  readonly kind: 'long' | 'short';
  readonly takenBy: string | null;
  readonly since?: string;
  readonly owner: { readonly id: string };
  readonly kept: Readonly<Record<string, string>>;
  readonly roles: readonly string[];
}

const parse = recordOf<Ticket>({
  ...{ name: isText, tries: isNumber, isSpent: isFlag, kind: oneOf('long', 'short') },
  ...{ takenBy: orNull(isText), since: orAbsent(isText) },
  ...{ owner: recordLike<Ticket['owner']>({ id: isText }), kept: tableOf(isText), roles: listOf(isText) },
});
const whole = {
  ...{ name: 'one', tries: 0, isSpent: false, kind: 'long', takenBy: null },
  ...{ owner: { id: 'x' }, kept: { nonce: 'n' }, roles: ['auditor'] },
};

describe('a record read back', () => {
  it('is the record when every field is what it should be', () => {
    expect(parse(whole)).toBe(whole);
    expect(parse({ ...whole, since: 'today', takenBy: 'her' })).not.toBeNull();
  });

  it.each(Object.entries({ since: 7, takenBy: 7, owner: { id: 7 }, kept: { nonce: 7 }, roles: [7], kind: 'other' }))(
    'is none when %s is something else',
    (field, value) => expect(parse({ ...whole, [field]: value })).toBeNull(),
  );

  it.each(Object.keys(whole))('is none without %s', (field) => {
    expect(parse({ ...whole, [field]: undefined })).toBeNull();
  });

  it.each([null, undefined, 'text', 7, [], [whole]])('is none for %p', (json) => expect(parse(json)).toBeNull());
});
