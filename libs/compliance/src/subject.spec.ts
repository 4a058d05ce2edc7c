import { describe, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import { instantOf } from '#libs/vocabulary';
import type { SubjectEvent } from './subject-events.ts';
import { beginErasure, liftHold, placeHold, subjects } from './subject.ts';

const noon = instantOf('2026-11-30T12:00:00.000Z');
const mandate = { by: 'alice', caseNumber: '2026/17' };
const placed: SubjectEvent = { type: 'HoldPlaced', data: { ...mandate, placedAt: noon } };
const lifted: SubjectEvent = { type: 'HoldLifted', data: { ...mandate, liftedAt: noon } };
const other: SubjectEvent = { type: 'HoldPlaced', data: { by: 'bob', caseNumber: '2026/18', placedAt: noon } };
const begun: SubjectEvent = { type: 'ErasureBegun', data: { ...mandate, begunAt: noon } };

describe('a legal hold', () => {
  it('is placed once for each case', () => {
    given(subjects)
      .when((state) => placeHold(state, mandate, noon))
      .then(placed);
    given(subjects, placed)
      .when((state) => placeHold(state, mandate, noon))
      .then();
    given(subjects, other)
      .when((state) => placeHold(state, mandate, noon))
      .then(placed);
  });

  it('blocks erasure until each case has lifted its own', () => {
    given(subjects, placed, other, lifted)
      .when((state) => beginErasure(state, mandate, noon))
      .thenThrows('under-legal-hold');
    given(subjects, placed, lifted)
      .when((state) => beginErasure(state, mandate, noon))
      .then(begun);
  });

  it('is lifted only where it is, and not placed on somebody who is erased', () => {
    given(subjects, other)
      .when((state) => liftHold(state, mandate, noon))
      .thenThrows('no-such-hold');
    given(subjects, begun)
      .when((state) => placeHold(state, mandate, noon))
      .thenThrows('subject-is-erased');
  });
});

it('an erasure that broke off is begun once', () => {
  given(subjects, begun)
    .when((state) => beginErasure(state, mandate, noon))
    .then();
});
