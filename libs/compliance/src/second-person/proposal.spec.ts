import { describe, expect, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import { instantOf, newPersonId } from '#libs/vocabulary';
import type { ProposalEvent } from './proposal-events.ts';
import { confirmAct, declineAct, noteCarriedOut, proposals, proposeAct, takeExport } from './proposal.ts';

const noon = instantOf('2026-11-30T12:00:00.000Z');
const lapse = instantOf('2026-12-03T12:00:00.000Z');
const beforeLapse = instantOf('2026-12-03T11:00:00.000Z');
const act = { act: 'erase', personId: newPersonId() } as const;
const mandate = { by: 'alice', caseNumber: '2026/17', reason: 'asked to be forgotten' };
const proposed: ProposalEvent = {
  type: 'ActProposed',
  data: { ...act, ...mandate, proposedAt: noon, expiresAt: lapse },
};
const confirmed: ProposalEvent = { type: 'ActConfirmed', data: { act: 'erase', by: 'bob', confirmedAt: noon } };
const declined: ProposalEvent = { type: 'ActDeclined', data: { act: 'erase', by: 'alice', declinedAt: noon } };
const done: ProposalEvent = { type: 'ActCarriedOut', data: { act: 'erase', carriedOutAt: noon } };

describe('what takes two persons', () => {
  it('is proposed once, for three days', () => {
    given(proposals)
      .when((state) => proposeAct(state, act, mandate, noon))
      .then(proposed);
    given(proposals, proposed)
      .when((state) => proposeAct(state, act, mandate, noon))
      .then();
  });

  it('is confirmed by another, never by who proposed it', () => {
    given(proposals, proposed)
      .when((state) => confirmAct(state, 'bob', noon))
      .then(confirmed);
    given(proposals, proposed)
      .when((state) => confirmAct(state, 'alice', noon))
      .thenThrows('same-person-confirms');
    given(proposals, proposed, confirmed)
      .when((state) => confirmAct(state, 'alice', noon))
      .thenThrows('same-person-confirms');
  });

  it('lapses', () => {
    given(proposals, proposed)
      .when((state) => confirmAct(state, 'bob', lapse))
      .thenThrows('not-open-to-confirm');
  });

  it('is gone on with where carrying it out broke off, for three days after it was confirmed', () => {
    const late: ProposalEvent = { type: 'ActConfirmed', data: { act: 'erase', by: 'bob', confirmedAt: beforeLapse } };
    given(proposals, proposed, late)
      .when((state) => confirmAct(state, 'carol', lapse))
      .then();
    given(proposals, proposed, confirmed)
      .when((state) => confirmAct(state, 'carol', lapse))
      .thenThrows('not-open-to-confirm');
    given(proposals, proposed, confirmed)
      .when((state) => noteCarriedOut(state, noon))
      .then(done);
    given(proposals, proposed, confirmed, done)
      .when((state) => noteCarriedOut(state, noon))
      .then();
  });

  it.each([[[]], [[proposed, declined]], [[proposed, confirmed, done]]])('is not confirmed once it is %j', (before) => {
    given(proposals, ...before)
      .when((state) => confirmAct(state, 'bob', noon))
      .thenThrows('not-open-to-confirm');
  });

  it('is declined by anybody, who proposed it among them, until somebody has confirmed it', () => {
    given(proposals, proposed)
      .when((state) => declineAct(state, 'alice', noon))
      .then(declined);
    given(proposals, proposed, declined)
      .when((state) => declineAct(state, 'bob', noon))
      .then();
    given(proposals, proposed, confirmed)
      .when((state) => declineAct(state, 'bob', noon))
      .thenThrows('not-open-to-confirm');
  });

  it('keeps who wanted it and why', () => {
    const state = [proposed, confirmed].reduce(proposals.evolve, proposals.initialState());
    expect(state).toMatchObject({ status: 'confirmed', mandate, confirmedBy: 'bob', ...act });
  });
});

describe('an export that takes two persons', () => {
  const asked = { through: 'console', form: 'csv', question: { readerId: newPersonId() } } as const;
  const exportProposed: ProposalEvent = {
    type: 'ActProposed',
    data: { act: 'export', export: asked, ...mandate, proposedAt: noon, expiresAt: lapse },
  };
  const yes: ProposalEvent = { type: 'ActConfirmed', data: { act: 'export', by: 'bob', confirmedAt: noon } };
  const no: ProposalEvent = { type: 'ActDeclined', data: { act: 'export', by: 'bob', declinedAt: noon } };
  const taken: ProposalEvent = { type: 'ActCarriedOut', data: { act: 'export', carriedOutAt: noon } };
  const alice = { by: 'alice', through: 'console' } as const;

  it('is taken once, by who asked for it', () => {
    given(proposals, exportProposed, yes)
      .when((state) => takeExport(state, alice, noon))
      .then(taken);
    const state = [exportProposed, yes, taken].reduce(proposals.evolve, proposals.initialState());
    expect(state).toMatchObject({ status: 'carried-out', export: asked, confirmedBy: 'bob' });
  });

  it.each<[string, ProposalEvent[], { by: string; through: 'console' | 'api' }, typeof noon]>([
    ['nobody has confirmed', [exportProposed], alice, noon],
    ['was declined', [exportProposed, no], alice, noon],
    ['was taken', [exportProposed, yes, taken], alice, noon],
    ['lapsed before it was confirmed', [exportProposed], alice, lapse],
    ['lapsed after it was confirmed', [exportProposed, yes], alice, lapse],
    ['is for who confirmed it', [exportProposed, yes], { ...alice, by: 'bob' }, noon],
    ['is for a program of the same name', [exportProposed, yes], { ...alice, through: 'api' }, noon],
    ['is none', [], alice, noon],
    ['is another act', [proposed, confirmed], alice, noon],
  ])('is not taken where it %s', (_, before, who, now) => {
    given(proposals, ...before)
      .when((state) => takeExport(state, who, now))
      .thenThrows('export-not-approved');
  });
});
