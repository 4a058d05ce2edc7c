import { decideAndAppend, readState } from '#libs/event-store';
import type { EventStore, Fold } from '#libs/event-store';
import type { CarrierOutcome, Outbox } from '#libs/mail';
import { messageStream, sealedMessages } from '#libs/sealing';
import type { Instant, MessageId } from '#libs/vocabulary';
import { deliveryEvents, deliveryStream } from '../delivery-events.ts';
import type { DeliveryEvent } from '../delivery-events.ts';
import { submissions, submissionStream } from './submission.ts';
import type { SubmissionId } from './submission.ts';

/** What the relay said of a carrier for good, by the record; null as long as nothing stands there. */
export type Delivery =
  { readonly outcome: 'relayed'; readonly relayedAt: Instant } | ({ readonly outcome: 'refused' } & Refusal) | null;

export interface Refusal {
  readonly reason: 'refused' | 'expired';
  readonly status: string | null;
  readonly refusedAt: Instant;
}

/** The first word counts: a carrier that a crash sent twice was relayed when it first was. */
export const deliveries: Fold<Delivery, DeliveryEvent> = {
  events: deliveryEvents.events,
  initialState: () => null,
  evolve(state, event) {
    if (state !== null) return state;
    switch (event.type) {
      case 'CarrierRelayed':
        return { outcome: 'relayed', relayedAt: event.data.relayedAt };
      case 'CarrierRefused': {
        const { reason, status, refusedAt } = event.data;
        return { outcome: 'refused', reason, status, refusedAt };
      }
      default:
        event satisfies never;
        return state;
    }
  },
};

type DeliveryFacts = Pick<DeliveryEvent['data'], 'messageId' | 'senderId' | 'recipientId' | 'clientId'> &
  Pick<CarrierOutcome, 'outcome' | 'enhancedStatus' | 'at'>;

/** One event for each delivery, however often its outcome is reported. */
export function recordDelivery(
  state: Delivery,
  { outcome, enhancedStatus, at, ...ids }: DeliveryFacts,
): DeliveryEvent[] {
  if (state !== null) return [];
  if (outcome === 'relayed') return [{ type: 'CarrierRelayed', data: { ...ids, relayedAt: at } }];
  return [{ type: 'CarrierRefused', data: { ...ids, reason: outcome, status: enhancedStatus, refusedAt: at } }];
}

/** For `OutboxOptions.record`. A carrier whose message or submission is not in the record leaves nothing there. */
export function deliveryRecorder(store: EventStore): (outcome: CarrierOutcome) => Promise<void> {
  return async (carrier) => {
    const { messageId, outcome, enhancedStatus, at } = carrier;
    const { state: message } = await readState(store, messageStream(messageId), sealedMessages);
    const { state: submission } = await readState(
      store,
      submissionStream(carrier.submissionId as SubmissionId),
      submissions,
    );
    if (message.status === 'unknown' || submission.status === 'unknown') return;
    const { senderId, recipientId } = message;
    const facts = { messageId, senderId, recipientId, clientId: submission.clientId, outcome, enhancedStatus, at };
    await decideAndAppend(store, deliveryStream(messageId), deliveries, (state) => recordDelivery(state, facts));
  };
}

/** By the record; the outbox is asked for what waits there, and for what it sent before outcomes were recorded. */
export async function deliveryOf(
  messageId: MessageId,
  store: EventStore,
  outbox: Pick<Outbox, 'deliveryOf'>,
): Promise<'relayed' | 'queued' | 'refused'> {
  const { state } = await readState(store, deliveryStream(messageId), deliveries);
  return state?.outcome ?? outbox.deliveryOf(messageId);
}
