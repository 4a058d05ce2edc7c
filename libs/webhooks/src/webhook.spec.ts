import { describe, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import { instantOf } from '#libs/vocabulary';
import { switchOff, switchOn, webhooks } from './webhook.ts';
import type { WebhookEvent } from './webhook-events.ts';

const noon = instantOf('2026-11-30T12:00:00Z');
const wanted = { clientId: 'office', urlSha256: 'aa', includesViews: false };
const on = (changed: Partial<typeof wanted> = {}): WebhookEvent => ({
  type: 'WebhookSwitchedOn',
  data: { ...wanted, ...changed, switchedOnAt: noon },
});
const off = (reason: 'gone' | 'not-configured'): WebhookEvent => ({
  type: 'WebhookSwitchedOff',
  data: { clientId: 'office', reason, switchedOffAt: noon },
});
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
      .when((state) => switchOff(state, { clientId: 'office', reason: 'not-configured', now: noon }))
      .then(off('not-configured'));
    given(webhooks, on(), off('gone'), off('not-configured'))
      .when((state) => switchOn(state, configure()))
      .then(on());
  });

  it('is switched off once, and only where it was on', () => {
    const notConfigured = { clientId: 'office', reason: 'not-configured' as const, now: noon };
    given(webhooks)
      .when((state) => switchOff(state, notConfigured))
      .then();
    given(webhooks, on(), off('not-configured'))
      .when((state) => switchOff(state, notConfigured))
      .then();
    given(webhooks, on(), off('not-configured'))
      .when((state) => switchOff(state, { ...notConfigured, reason: 'gone' }))
      .then();
  });
});
