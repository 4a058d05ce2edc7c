import { describe, expect, it } from '@jest/globals';
import { mandateOf } from './mandate.ts';

describe('a mandate', () => {
  it('says who, and where they were given the case and the reason', () => {
    expect(mandateOf({ by: 'alice' })).toEqual({ by: 'alice' });
    expect(mandateOf({ by: 'alice', caseNumber: '2026/17', reason: 'wrong company' })).toEqual({
      by: 'alice',
      caseNumber: '2026/17',
      reason: 'wrong company',
    });
  });

  it.each([
    ['by', { by: '  ' }],
    ['by', { by: 'anna@example.com' }],
    ['by', { by: 'a'.repeat(201) }],
    ['caseNumber', { by: 'alice', caseNumber: '' }],
    ['caseNumber', { by: 'alice', caseNumber: 'about anna@example.com' }],
    ['reason', { by: 'alice', reason: 'two\nlines' }],
    ['reason', { by: 'alice', reason: 'a'.repeat(501) }],
  ])('holds nothing in %s that could not stand in the record for good', (field, given) => {
    expect(() => mandateOf(given)).toThrow(expect.objectContaining({ code: 'bad-mandate', field }));
  });
});
