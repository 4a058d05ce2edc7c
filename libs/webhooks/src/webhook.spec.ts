import { describe, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import { instantOf, plusSeconds } from '#libs/vocabulary';
import { SETTLES_AFTER_SECONDS, switchOff, switchOn, webhooks } from './webhook.ts';
import type { WebhookEvent } from './webhook-events.ts';

const noon = instantOf('2026-11-30T12:00:00Z');
const wanted = { clientId: 'office', urlSha256: 'aa', includesViews: false };
const on = (changed: Partial<typeof wanted> = {}): WebhookEvent => ({
  type: 'WebhookSwitchedOn',
  data: { ...wanted, ...changed, switchedOnAt: noon },
});
const off = (reason: 'gone' | 'not-configured', switchedOffAt = noon): WebhookEvent => ({
  type: 'WebhookSwitchedOff',
  data: { clientId: 'office', reason, switchedOffAt },
});
const later = plusSeconds(noon, SETTLES_AFTER_SECONDS);
const gone = (urlSha256 = 'aa') => ({ clientId: 'office', reason: 'gone' as const, urlSha256, now: later });
const notConfigured = { clientId: 'office', reason: 'not-configured' as const, now: later };
const configure = (changed: Partial<typeof wanted> = {}) => ({ ...wanted, ...changed, now: noon });

describe('a webhook', () => {
  it('is switched on when it is first configured', () =>
    given(webhooks)
      .when((state) => switchOn(state, configure()))
      .then(on()));

  it('stays on over starts', () =>
    given(webhooks, on())
      .when((state) => switchOn(state, configure()))
      .then());

  it('is switched on anew when its address, or what it includes, changes', () => {
    given(webhooks, on())
      .when((state) => switchOn(state, configure({ urlSha256: 'bb' })))
      .then(on({ urlSha256: 'bb' }));
    given(webhooks, on())
      .when((state) => switchOn(state, configure({ includesViews: true })))
      .then(on({ includesViews: true }));
  });

  it('stays off after 410 Gone, until another address is configured', () => {
    given(webhooks, on(), off('gone'))
      .when((state) => switchOn(state, configure()))
      .then();
    given(webhooks, on(), off('gone'))
      .when((state) => switchOn(state, configure({ urlSha256: 'bb' })))
      .then(on({ urlSha256: 'bb' }));
  });

  it('comes back at the same address after it was not configured for a while', () => {
    given(webhooks, on(), off('gone'))
      .when((state) => switchOff(state, { ...notConfigured, now: noon }))
      .then(off('not-configured'));
    given(webhooks, on(), off('gone'), off('not-configured'))
      .when((state) => switchOn(state, configure()))
      .then(on());
  });

  it('is switched off once, and only where it was on', () => {
    given(webhooks)
      .when((state) => switchOff(state, notConfigured))
      .then();
    given(webhooks, on(), off('not-configured'))
      .when((state) => switchOff(state, notConfigured))
      .then();
    given(webhooks, on(), off('not-configured'))
      .when((state) => switchOff(state, gone()))
      .then();
  });

  it('is switched off by a 410 of its own address, and by that of no other', () => {
    given(webhooks, on())
      .when((state) => switchOff(state, gone()))
      .then(off('gone', later));
    given(webhooks, on(), on({ urlSha256: 'bb' }))
      .when((state) => switchOff(state, gone()))
      .then();
  });

  it('is not switched off within an hour by a gateway that starts without it, nor put back to the address before', () => {
    const soon = plusSeconds(later, -1);
    given(webhooks, on())
      .when((state) => switchOff(state, { ...notConfigured, now: soon }))
      .then();
    given(webhooks, on())
      .when((state) => switchOff(state, notConfigured))
      .then(off('not-configured', later));
    for (const before of [[on()], [on(), off('gone')]]) {
      const state = [...before, on({ urlSha256: 'bb' })];
      given(webhooks, ...state)
        .when((now) => switchOn(now, { ...configure(), now: soon }))
        .then();
      given(webhooks, ...state)
        .when((now) => switchOn(now, { ...configure(), now: later }))
        .then({ type: 'WebhookSwitchedOn', data: { ...wanted, switchedOnAt: later } });
    }
  });

  it('that a wrong clock switched on tomorrow can be switched off today', () =>
    given(webhooks, { ...on(), data: { ...wanted, switchedOnAt: plusSeconds(later, 86_400) } } as WebhookEvent)
      .when((state) => switchOff(state, notConfigured))
      .then(off('not-configured', later)));
});
