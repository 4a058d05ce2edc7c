import { describe, expect, it } from '@jest/globals';
import { logFieldsOf } from './log-fields.ts';

describe('what is logged of an unforeseen error', () => {
  it('says where in the code, and nothing of whom', () => {
    const error = new Error('no row for "anna.berg@example.com", code 1234 5678, key QUtFWS1TRUNSRVQtS0VZLVBRLTE');
    const line = JSON.stringify(logFieldsOf({ reference: 'ref2', method: 'POST', route: '/m/:messageId', error }));
    expect(line).not.toMatch(/anna|example|1234|5678|QUtF/);
    expect(JSON.parse(line)).toMatchObject({
      event: 'unexpected-error',
      reference: 'ref2',
      route: '/m/:messageId',
      error: 'Error',
      message: 'no row for "[…]", code […], key […]',
      stack: expect.arrayContaining([expect.stringContaining('log-fields.spec')]),
    });
  });

  it('is written for anything that can be thrown', () => {
    for (const error of [undefined, null, 'text', { secret: 'x' }]) {
      expect(JSON.stringify(logFieldsOf({ reference: 'r', method: 'GET', route: 'none', error }))).not.toContain(
        'secret',
      );
    }
  });
});
