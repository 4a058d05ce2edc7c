import type { Fold } from '#libs/event-store';
import { isClaimed, plusSeconds, secondsBetween } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { webhookTryEvents } from './webhook-try-events.ts';
import type { WebhookTryEvent } from './webhook-try-events.ts';

/** 120 s: several rounds. After a crash the others wait no longer. The clocks of all gateways must agree within 15 s. */
export const TURN_SECONDS = 120;
const CLOCK_DIFFERENCE_SECONDS = 15;
/** 60 s: catching up takes 10 s at most, a round 30, its record some seconds, and clocks differ by 15. */
const LAST_BEGIN_SECONDS = 60;

/** Which gateway sends to a program now, and until when; null: nobody ever did, or long ago. */
export type Turn = { readonly gatewayId: string; readonly endsBy: Instant } | null;

export const turns: Fold<Turn, WebhookTryEvent> = {
  events: webhookTryEvents.events,
  initialState: () => null,
  forgetsAfterSeconds: 300, // no turn lives longer than 135 s
  evolve(state, event) {
    switch (event.type) {
      case 'WebhookTurnTaken': {
        const { gatewayId, endsBy } = event.data;
        return { gatewayId, endsBy };
      }
      case 'WebhookTurnEnded':
        return state?.gatewayId === event.data.gatewayId ? null : state;
      case 'WebhooksTried':
      case 'WebhookGivenUp':
        return state;
      default:
        event satisfies never;
        return state;
    }
  },
};

interface Asking {
  readonly clientId: string;
  readonly gatewayId: string;
  readonly now: Instant;
}

/** No event where it is another's turn, or still one's own: `mayBegin` says which. */
export function takeTurn(state: Turn, { clientId, gatewayId, now }: Asking): WebhookTryEvent[] {
  if (state !== null && state.gatewayId !== gatewayId && isLive(state, now)) return [];
  if (mayBegin(state, gatewayId, now)) return [];
  return [
    { type: 'WebhookTurnTaken', data: { clientId, gatewayId, takenAt: now, endsBy: plusSeconds(now, TURN_SECONDS) } },
  ];
}

/** No event where it is another's turn by now, or nobody's. */
export function endTurn(state: Turn, { clientId, gatewayId, now }: Asking): WebhookTryEvent[] {
  if (state?.gatewayId !== gatewayId) return [];
  return [{ type: 'WebhookTurnEnded', data: { clientId, gatewayId, endedAt: now } }];
}

/** Whether it is this gateway's turn, with time enough for another round. */
export function mayBegin(state: Turn, gatewayId: string, now: Instant): boolean {
  if (state?.gatewayId !== gatewayId || !isLive(state, now)) return false;
  return secondsBetween(now, state.endsBy) >= LAST_BEGIN_SECONDS;
}

function isLive({ endsBy }: NonNullable<Turn>, now: Instant): boolean {
  return isClaimed(endsBy, now, TURN_SECONDS + CLOCK_DIFFERENCE_SECONDS);
}
