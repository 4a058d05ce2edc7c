import { expect, it } from '@jest/globals';
import type { WriteReply, WriteRequest } from './append-group.ts';
import { packReplies, packRequests, unpackReplies, unpackRequests } from './crossing.ts';

const append = (seq: number, ...texts: string[]): WriteRequest => ({
  kind: 'append',
  seq,
  stream: `ticks-${seq}`,
  expected: seq - 2,
  texts,
});
const check = (seq: number): WriteRequest => ({ kind: 'check', seq });

it.each<[string, WriteRequest[]]>([
  ['none', []],
  ['one append', [append(1, 'a')]],
  ['appends of one event and of more', [append(1, 'a'), append(2, 'b', 'c', 'd'), append(3, 'e')]],
  ['others before, between and behind', [check(1), append(2, 'a'), check(3), check(4), append(5, 'b'), check(6)]],
])('brings requests across as they were, in their order: %s', (_, requests) => {
  expect(unpackRequests(structuredClone(packRequests(requests)))).toEqual(requests);
});

it('brings appends that follow each other across as one', () => {
  expect(packRequests([append(1, 'a'), append(2, 'b'), check(3)])).toHaveLength(2);
});

it('brings every reply back, also of positions past 2^32', () => {
  const replies: WriteReply[] = [
    { seq: 1, kind: 'appended', revision: 0, position: 2 ** 53 - 1 },
    { seq: 2, kind: 'conflict', actual: 7 },
    { seq: 3, kind: 'appended', revision: 2 ** 40, position: 2 ** 33 },
    { seq: 4, kind: 'failed', words: 'the disk is full', detail: 'SQLITE_FULL' },
  ];
  const back = unpackReplies(structuredClone(packReplies(replies)));
  expect(back.toSorted((one, other) => one.seq - other.seq)).toEqual(replies);
});
