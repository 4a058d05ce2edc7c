import { createHash } from 'node:crypto';
import type { Fold } from '#libs/event-store';
import { secondsBetween } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { webhookEvents } from './webhook-events.ts';
import type { WebhookEvent } from './webhook-events.ts';

/** 1 h: as long as gateways may be started one by one after a change of their settings. */
export const SETTLES_AFTER_SECONDS = 3600;

export type Webhook =
  | { readonly status: 'never' }
  | {
      readonly status: 'on';
      readonly urlSha256: string;
      readonly includesViews: boolean;
      readonly switchedOnAt: Instant;
      /** The address before it; null where there was none. */
      readonly replacedSha256: string | null;
    }
  | { readonly status: 'off'; readonly urlSha256: string; readonly reason: 'gone' | 'not-configured' };

export const webhooks: Fold<Webhook, WebhookEvent> = {
  events: webhookEvents.events,
  initialState: () => ({ status: 'never' }),
  evolve(state, event) {
    switch (event.type) {
      case 'WebhookSwitchedOn': {
        const { urlSha256, includesViews, switchedOnAt } = event.data;
        const replacedSha256 = replaced(state, urlSha256);
        return { status: 'on', urlSha256, includesViews, switchedOnAt, replacedSha256 };
      }
      case 'WebhookSwitchedOff':
        if (state.status === 'never') return state;
        return { status: 'off', urlSha256: state.urlSha256, reason: event.data.reason };
      default:
        event satisfies never;
        return state;
    }
  },
};

function replaced(state: Webhook, urlSha256: string): string | null {
  if (state.status !== 'never' && state.urlSha256 !== urlSha256) return state.urlSha256;
  return state.status === 'on' ? state.replacedSha256 : null;
}

/** As the record names an address, which may hold a secret: lower-case hex. */
export function digestOf(url: URL): string {
  return createHash('sha256').update(url.href).digest('hex');
}

export interface WebhookFacts {
  readonly clientId: string;
  readonly urlSha256: string;
  readonly includesViews: boolean;
  readonly now: Instant;
}

/**
 * As configured. An address that answered 410 stays off until another is configured, or none was for a while; and one that was replaced within the
 * hour does not come back: a gateway that starts with the settings of before undoes nothing.
 */
export function switchOn(state: Webhook, { now, ...wanted }: WebhookFacts): WebhookEvent[] {
  const isSame = state.status !== 'never' && state.urlSha256 === wanted.urlSha256;
  if (state.status === 'on' && isSame && state.includesViews === wanted.includesViews) return [];
  if (state.status === 'off' && isSame && state.reason === 'gone') return [];
  if (isSettling(state, now) && state.replacedSha256 === wanted.urlSha256) return [];
  return [{ type: 'WebhookSwitchedOn', data: { ...wanted, switchedOnAt: now } }];
}

export type SwitchingOff = { readonly clientId: string; readonly now: Instant } & (
  { readonly reason: 'gone'; readonly urlSha256: string } | { readonly reason: 'not-configured' }
);

/**
 * Off is off; but where the address that answered 410 is configured no longer, it may be configured again later. A 410 of another address than the
 * one that is on is nothing, nor does a gateway without a webhook switch off what was switched on within the hour: it may have started with the
 * settings of before.
 */
export function switchOff(state: Webhook, wanted: SwitchingOff): WebhookEvent[] {
  const { clientId, reason, now } = wanted;
  if (state.status === 'never') return [];
  if (state.status === 'off' && (reason === 'gone' || state.reason === reason)) return [];
  if (wanted.reason === 'gone' && wanted.urlSha256 !== state.urlSha256) return [];
  if (reason === 'not-configured' && isSettling(state, now)) return [];
  return [{ type: 'WebhookSwitchedOff', data: { clientId, reason, switchedOffAt: now } }];
}

function isSettling(state: Webhook, now: Instant): state is Extract<Webhook, { status: 'on' }> {
  return state.status === 'on' && Math.abs(secondsBetween(state.switchedOnAt, now)) < SETTLES_AFTER_SECONDS;
}
