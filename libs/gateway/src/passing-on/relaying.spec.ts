import { describe, expect, it } from '@jest/globals';
import { instantOf, parseMessageId, plusSeconds } from '#libs/vocabulary';
import type { MessageId, PersonId } from '#libs/vocabulary';
import { planRelaying, relayings } from './relaying.ts';
import type { RelayingPlan } from './relaying.ts';
import type { RelayingEvent } from './relaying-events.ts';

const noon = instantOf('2026-11-30T12:00:00.000Z');
const endsBy = plusSeconds(noon, 300);
const later = plusSeconds(noon, 301);
const messageId = parseMessageId('dvv7zum3xdqjbpu4o3jnz7xdb3ratdw2') as MessageId;
const keptSeal = 'kept';
const senderId = 'wl4qedx6ympzkkcgrhmd2uverr' as PersonId;
const record = { senderId, recipientId: senderId, rule: 'secrets', clientId: 'office' };

const begun: RelayingEvent = {
  type: 'RelayingBegun',
  data: { treatment: 'sealed', rule: 'secrets', clientId: 'office', begunAt: noon, endsBy, messageId, keptSeal },
};
const resumed: RelayingEvent = {
  type: 'RelayingResumed',
  data: { resumedAt: later, endsBy: plusSeconds(later, 300) },
};
const deferred: RelayingEvent = {
  type: 'RelayingDeferred',
  data: { deferredAt: noon, replyCode: 451, enhancedStatus: '4.7.1' },
};
const relayed: RelayingEvent = { type: 'CarrierRelayed', data: { ...record, messageId, relayedAt: noon } };
const passedOn: RelayingEvent = { type: 'MailPassedOn', data: { ...record, passedOnAt: noon } };
const refused: RelayingEvent = {
  type: 'MailRefused',
  data: { ...record, by: 'next-hop', replyCode: 550, enhancedStatus: '5.1.1', refusedAt: noon },
};

const sealing = { treatment: 'sealed', rule: 'secrets' } as const;
const again: RelayingPlan = { step: 'resume', messageId, keptSeal };

function plan(...events: RelayingEvent[]) {
  const state = events.reduce((before, event) => relayings.evolve(before, event), relayings.initialState());
  return ({ now = later, ...facts }: Partial<Parameters<typeof planRelaying>[1]> = {}) =>
    planRelaying(state, { ...sealing, now, endsBy: plusSeconds(now, 300), ...facts });
}

describe('a mail to one recipient', () => {
  it('begins where it was never tried', () => expect(plan()()).toEqual({ step: 'begin' }));

  it('waits while an attempt may still be under way, to the moment', () => {
    expect(plan(begun)({ now: noon })).toEqual({ step: 'wait' });
    expect(plan(begun)({ now: plusSeconds(noon, 299) })).toEqual({ step: 'wait' });
    expect(plan(begun)({ now: endsBy })).toEqual(again);
    expect(plan(begun, resumed)({ now: plusSeconds(later, 299) })).toEqual({ step: 'wait' });
  });

  it('does not wait a day for an attempt of a gateway that died, though the clock was set back by one', () =>
    expect(plan(begun)({ now: plusSeconds(noon, -86_400) })).toEqual(again));

  it('is sealed once more under the same id where the end of an attempt is not known', () => {
    expect(plan(begun)()).toEqual(again);
    expect(plan(begun, resumed)({ now: plusSeconds(later, 300) })).toEqual(again);
  });

  it('is sealed once more under the same id after the next hop put it off, at once', () => {
    expect(plan(begun, deferred)({ now: noon })).toEqual(again);
    expect(plan(begun, deferred, resumed, deferred)({ now: noon })).toEqual(again);
  });

  it('is not sent again once it is there, whatever a slower attempt says', () => {
    for (const end of [relayed, passedOn])
      for (const more of [[], [deferred], [refused], [begun], [resumed]])
        expect(plan(begun, end, ...more)()).toEqual({ step: 'nothing' });
  });

  it('is tried anew after it was refused: what stood against it may be gone', () =>
    expect(plan(begun, refused)()).toEqual({ step: 'begin' }));

  it('follows the policy of now, never the one of yesterday', () => {
    const passing: RelayingEvent = {
      type: 'RelayingBegun',
      data: { treatment: 'clear', rule: 'all', clientId: 'office', begunAt: noon, endsBy },
    };
    expect(plan(passing)()).toEqual({ step: 'begin' });
    expect(plan(passing, deferred)()).toEqual({ step: 'begin' });
    expect(plan(begun)({ rule: 'other' })).toEqual({ step: 'begin' });
    expect(plan(passing)({ treatment: 'clear', rule: 'all' })).toEqual({
      step: 'resume',
      messageId: null,
      keptSeal: null,
    });
  });
});
