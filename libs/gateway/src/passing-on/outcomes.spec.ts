import { describe, expect, it } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import { answerOfHop, conclude, safeWords } from './outcomes.ts';
import type { RecipientOutcome } from './outcomes.ts';

const recipient = parseMailAddress('anna@example.com');
const taken: RecipientOutcome = { recipient, kind: 'taken' };
const refused: RecipientOutcome = {
  recipient,
  kind: 'refused',
  answer: { code: 550, enhanced: '5.1.1', words: 'not here' },
};
const deferred: RecipientOutcome = {
  recipient,
  kind: 'deferred',
  answer: { code: 452, enhanced: '4.2.2', words: 'mailbox full' },
};

describe('one answer for all recipients', () => {
  it('is 250 once all have it', () =>
    expect(conclude([taken, taken])).toMatchObject({ kind: 'answer', answer: { code: 250 } }));

  it('is 4yz as long as one may still get it, whatever the others got', () => {
    for (const others of [[], [taken], [refused], [taken, refused]]) {
      const { answer } = conclude([...others, deferred]) as { answer: { code: number; enhanced: string } };
      expect(answer).toMatchObject({ code: 452, enhanced: '4.2.2' });
    }
    expect(conclude([taken, deferred])).toMatchObject({ answer: { words: '1 of 2 recipients: mailbox full' } });
  });

  it('is 5yz where nobody will ever get it', () => {
    expect(conclude([refused])).toMatchObject({ answer: { code: 550, enhanced: '5.1.1', words: 'not here' } });
    expect(conclude([refused, refused])).toMatchObject({ answer: { words: '2 of 2 recipients: not here' } });
  });

  it('waits for a report where some have it and others never will', () =>
    expect(conclude([taken, refused])).toEqual({ kind: 'report', refused: [refused] }));
});

describe('words of the next hop', () => {
  it.each([
    [
      'refused',
      '550 5.1.1 <a@b.example> gone',
      550,
      '5.1.1',
      { code: 550, enhanced: '5.1.1', words: 'next hop: <a@b.example> gone' },
    ],
    ['refused', '550 no such user', 550, '5.0.0', { code: 550, enhanced: '5.0.0', words: 'next hop: no such user' }],
    ['refused', '', 0, '5.3.4', { code: 550, enhanced: '5.3.4', words: 'next hop:' }],
    ['deferred', '450 4.7.1 greylisted', 450, '4.7.1', { code: 450, enhanced: '4.7.1', words: 'next hop: greylisted' }],
    [
      'deferred',
      '421 4.3.2 shutting down',
      421,
      '4.3.2',
      { code: 451, enhanced: '4.3.2', words: 'next hop: shutting down' },
    ],
    [
      'deferred',
      'connection refused',
      0,
      '4.4.1',
      { code: 451, enhanced: '4.4.1', words: 'next hop: connection refused' },
    ],
    [
      'deferred',
      '530 5.7.0 login first',
      530,
      '5.7.0',
      { code: 451, enhanced: '4.0.0', words: 'next hop: login first' },
    ],
  ] as const)('%s: %s', (kind, reply, code, status, answer) =>
    expect(answerOfHop(kind, reply, code, status)).toEqual(answer),
  );

  it('are one line of ASCII, and bounded', () => {
    expect(safeWords('a\r\n250 ok\u2028é\0b')).toBe('a 250 ok b');
    expect(safeWords('x'.repeat(5000))).toHaveLength(200);
    expect(safeWords('\r\n')).toBe('no reason given');
  });
});
