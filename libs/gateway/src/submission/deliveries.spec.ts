import { describe, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import { instantOf, newPersonId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import type { DeliveryEvent } from '../delivery-events.ts';
import { deliveries, recordDelivery } from './deliveries.ts';

const noon = instantOf('2026-11-30T12:00:00Z');
const ids = {
  messageId: 'abcdefghijklmnopqrstuvwxyz234567' as MessageId,
  senderId: newPersonId(),
  recipientId: newPersonId(),
  clientId: 'office',
};
const relayed: DeliveryEvent = { type: 'CarrierRelayed', data: { ...ids, relayedAt: noon } };
const refused = (reason: 'refused' | 'expired', status: string | null): DeliveryEvent => ({
  type: 'CarrierRefused',
  data: { ...ids, reason, status, refusedAt: noon },
});

describe('a delivery', () => {
  it('is recorded when the relay took the carrier', () =>
    given(deliveries)
      .when((state) => recordDelivery(state, { ...ids, outcome: 'relayed', enhancedStatus: '2.0.0', at: noon }))
      .then(relayed));

  it('is recorded with its status when the relay refused it', () =>
    given(deliveries)
      .when((state) => recordDelivery(state, { ...ids, outcome: 'refused', enhancedStatus: '5.1.1', at: noon }))
      .then(refused('refused', '5.1.1')));

  it('is recorded when the outbox gave it up', () =>
    given(deliveries)
      .when((state) => recordDelivery(state, { ...ids, outcome: 'expired', enhancedStatus: null, at: noon }))
      .then(refused('expired', null)));

  it('is recorded once, whatever is reported afterwards', () =>
    given(deliveries, relayed)
      .when((state) => recordDelivery(state, { ...ids, outcome: 'refused', enhancedStatus: '5.1.1', at: noon }))
      .then());
});
