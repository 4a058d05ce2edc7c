import type { backupEvents, erasureEvents, keyEvents, proposalEvents, subjectEvents } from '#libs/compliance';
import type { BackupEvent, ErasureEvent, KeyEvent, ProposalEvent, SubjectEvent } from '#libs/compliance';
import type { DomainEvent, Evidence, ProjectionEvent, projectionEvents } from '#libs/event-store';
import type { bounceEvents, deliveryEvents, relayingEvents, submissionEvents } from '#libs/gateway';
import type { BounceEvent, DeliveryEvent, RelayingEvent, SubmissionEvent } from '#libs/gateway';
import type { PasscodeEvent, passcodeEvents } from '#libs/passcode';
import type { OpeningEvent, openingEvents, SignInEvent, signInEvents } from '#libs/recipient-access';
import type { SealedMessageEvent, sealedMessageEvents } from '#libs/sealing';
import type { WebhookEvent, webhookEvents, WebhookTryEvent, webhookTryEvents } from '#libs/webhooks';
import type { AuditorEvent, auditorEvents } from './auditors/auditor-events.ts';
import type { CanaryEvent, canaryEvents } from './canary/canary-events.ts';
import type { RetentionEvent, retentionEvents } from './retention/retention-events.ts';

type Described = { readonly events: Readonly<Record<string, { readonly evidence: Evidence }>> };
/** Those of one kind of stream that stand in the trail (`isAudited`). */
type AuditedOf<Descriptor extends Described, Event extends DomainEvent> = {
  [Type in Event['type']]: Descriptor['events'][Type]['evidence'] extends 'statistics' | 'bookkeeping'
    ? never
    : Extract<Event, { readonly type: Type }>;
}[Event['type']];

/** Every event of the trail, by the types of the rooms: what `eventCatalogue` is of their descriptors. */
export type AuditedEvent =
  | AuditedOf<typeof sealedMessageEvents, SealedMessageEvent>
  | AuditedOf<typeof openingEvents, OpeningEvent>
  | AuditedOf<typeof signInEvents, SignInEvent>
  | AuditedOf<typeof passcodeEvents, PasscodeEvent>
  | AuditedOf<typeof submissionEvents, SubmissionEvent>
  | AuditedOf<typeof deliveryEvents, DeliveryEvent>
  | AuditedOf<typeof bounceEvents, BounceEvent>
  | AuditedOf<typeof relayingEvents, RelayingEvent>
  | AuditedOf<typeof webhookEvents, WebhookEvent>
  | AuditedOf<typeof webhookTryEvents, WebhookTryEvent>
  | AuditedOf<typeof keyEvents, KeyEvent>
  | AuditedOf<typeof subjectEvents, SubjectEvent>
  | AuditedOf<typeof erasureEvents, ErasureEvent>
  | AuditedOf<typeof proposalEvents, ProposalEvent>
  | AuditedOf<typeof backupEvents, BackupEvent>
  | AuditedOf<typeof auditorEvents, AuditorEvent>
  | AuditedOf<typeof canaryEvents, CanaryEvent>
  | AuditedOf<typeof projectionEvents, ProjectionEvent>
  | AuditedOf<typeof retentionEvents, RetentionEvent>;

export type AuditedType = AuditedEvent['type'];

/** A word out of a list, and neither any text nor an id. */
type Listed<Value extends string> = string extends Value
  ? never
  : Value extends { readonly __brand: string }
    ? never
    : Value;
/** What a field says in words out of a list, as pairs of the field's name, without the path to it, and a word. */
type SaidBy<Name extends string, Value> = Value extends string
  ? [Listed<Value>] extends [never]
    ? never
    : [Name, Listed<Value>]
  : Value extends readonly (infer One)[]
    ? SaidBy<Name, One>
    : Value extends object
      ? SaidIn<Value>
      : never;
type SaidIn<Data> = Data extends object
  ? { [Name in keyof Data & string]-?: SaidBy<Name, Exclude<Data[Name], undefined>> }[keyof Data & string]
  : never;
type SaidByType<Type extends AuditedType> = SaidIn<Extract<AuditedEvent, { readonly type: Type }>['data']>;
type ByField<Said> = [Said] extends [readonly [string, string]]
  ? { [Field in Said[0]]: Extract<Said, readonly [Field, string]>[1] }
  : never;

/**
 * Every value out of a list that a field of an event in the trail can have, by the event's type and the field's name. Who puts them into
 * a language has words for all of them, or does not compile.
 */
export type RecordedValues = {
  [Type in AuditedType as [SaidByType<Type>] extends [never] ? never : Type]: ByField<SaidByType<Type>>;
};
