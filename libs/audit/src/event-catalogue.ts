import { backupEvents, erasureEvents, keyEvents, proposalEvents, subjectEvents } from '#libs/compliance';
import { EventCatalogue, EVIDENCE, projectionEvents } from '#libs/event-store';
import type { Evidence } from '#libs/event-store';
import { bounceEvents, deliveryEvents, relayingEvents, submissionEvents } from '#libs/gateway';
import { clientSignInEvents } from '#libs/oidc-bridge';
import { passcodeEvents } from '#libs/passcode';
import { openingEvents, signInEvents } from '#libs/recipient-access';
import { sealedMessageEvents } from '#libs/sealing';
import { telemetryEvents } from '#libs/telemetry';
import { webhookEvents, webhookTryEvents } from '#libs/webhooks';
import { auditorEvents } from './auditors/auditor-events.ts';
import { canaryEvents } from './canary/canary-events.ts';
import { ledgerEvents } from './ledger/ledger.ts';
import { retentionEvents } from './retention/retention-events.ts';

/**
 * Every event that this installation can have recorded, as the rooms describe them. Whatever looks at all of them (trail, display,
 * feed, export, exposure report) derives from this alone; `frozen-events.spec.ts` finds an event that is missing here.
 */
export const eventCatalogue = new EventCatalogue([
  sealedMessageEvents,
  openingEvents,
  signInEvents,
  clientSignInEvents,
  passcodeEvents,
  submissionEvents,
  deliveryEvents,
  bounceEvents,
  relayingEvents,
  webhookEvents,
  webhookTryEvents,
  keyEvents,
  subjectEvents,
  erasureEvents,
  proposalEvents,
  backupEvents,
  telemetryEvents,
  ledgerEvents,
  auditorEvents,
  canaryEvents,
  projectionEvents,
  retentionEvents,
]);

/** Statistics and bookkeeping are about nobody, and stay out of the trail. */
export function isAudited(evidence: Evidence): boolean {
  return evidence !== 'statistics' && evidence !== 'bookkeeping';
}

/** The types in the trail. */
export const AUDITED_TYPES: readonly string[] = eventCatalogue.types(({ evidence }) => isAudited(evidence));

export const EVIDENCE_IN_TRAIL: readonly Evidence[] = EVIDENCE.filter(isAudited);
