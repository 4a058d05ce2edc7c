import type { Fold } from '#libs/event-store';
import type { Instant } from '#libs/vocabulary';
import { webhookEvents } from './webhook-events.ts';
import type { WebhookEvent } from './webhook-events.ts';

export type Webhook =
  | { readonly status: 'never' }
  | { readonly status: 'on'; readonly urlSha256: string; readonly includesViews: boolean }
  | { readonly status: 'off'; readonly urlSha256: string; readonly reason: 'gone' | 'not-configured' };

export const webhooks: Fold<Webhook, WebhookEvent> = {
  events: webhookEvents.events,
  initialState: () => ({ status: 'never' }),
  evolve(state, event) {
    switch (event.type) {
      case 'WebhookSwitchedOn': {
        const { urlSha256, includesViews } = event.data;
        return { status: 'on', urlSha256, includesViews };
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

export interface WebhookFacts {
  readonly clientId: string;
  readonly urlSha256: string;
  readonly includesViews: boolean;
  readonly now: Instant;
}

/** As configured. An address that answered 410 stays off until another is configured, or none was for a while. */
export function switchOn(state: Webhook, { now, ...wanted }: WebhookFacts): WebhookEvent[] {
  const isSame = state.status !== 'never' && state.urlSha256 === wanted.urlSha256;
  if (state.status === 'on' && isSame && state.includesViews === wanted.includesViews) return [];
  if (state.status === 'off' && isSame && state.reason === 'gone') return [];
  return [{ type: 'WebhookSwitchedOn', data: { ...wanted, switchedOnAt: now } }];
}

/** Off is off; but where the address that answered 410 is configured no longer, it may be configured again later. */
export function switchOff(
  state: Webhook,
  {
    clientId,
    reason,
    now,
  }: { readonly clientId: string; readonly reason: 'gone' | 'not-configured'; readonly now: Instant },
): WebhookEvent[] {
  if (state.status === 'never') return [];
  if (state.status === 'off' && (reason === 'gone' || state.reason === reason)) return [];
  return [{ type: 'WebhookSwitchedOff', data: { clientId, reason, switchedOffAt: now } }];
}
