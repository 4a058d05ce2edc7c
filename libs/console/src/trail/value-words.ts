import type { RecordedValues } from '#libs/audit';
import type { SignInMethod } from '#libs/oidc-bridge';
import { isTextKey } from '#libs/web-ui';
import type { TextKey } from '#libs/web-ui';
import { EVIDENCE_WORDS, OUTCOME_WORDS, titleOf } from './event-words.ts';

/** Values that have their words together: what may stand in one field, or in several of the same kind. */
export type ValueGroup = TextKey extends infer Key
  ? Key extends `console.values.${infer Group}.${string}`
    ? Group
    : never
  : never;
/** The groups that have a word for each of these values. */
type GroupFor<Value extends string> = {
  [Group in ValueGroup]: [`console.values.${Group}.${Value}`] extends [TextKey] ? Group : never;
}[ValueGroup];

/** By a name and picked from: TypeScript lets anything pass for this type where it stands nameless behind `satisfies`. */
type Groups = {
  readonly [Type in keyof RecordedValues]: {
    readonly [Field in keyof RecordedValues[Type]]: GroupFor<RecordedValues[Type][Field] & string>;
  };
};

/** What stands where: a value that an event can carry and that has no words in both languages is an error of the build. */
const GROUPS = {
  MessageSealed: { terms: 'term' },
  MessageViewed: { form: 'form' },
  AttachmentViewed: { kind: 'kind' },
  ViewDenied: { reason: 'denial' },
  AuthenticationFailed: { method: 'method', reason: 'signInFailure' },
  RecipientAuthenticated: { method: 'method' },
  OtpIssued: { form: 'form', budget: 'budget' },
  OtpDeliveryFailed: { failure: 'codeFailure' },
  OtpRejected: { form: 'form', reason: 'codeRejection', budget: 'budget' },
  OtpAccepted: { form: 'form' },
  SubmissionAccepted: { delivery: 'delivery' },
  CarrierRefused: { reason: 'carrierRefusal' },
  CarrierBounced: { reason: 'bounce' },
  MailRefused: { by: 'refuser' },
  WebhookSwitchedOff: { reason: 'webhookOff' },
  WebhookGivenUp: { reason: 'givingUp' },
  ActProposed: { act: 'act', through: 'way', form: 'form' },
  ActConfirmed: { act: 'act' },
  ActDeclined: { act: 'act' },
  ActCarriedOut: { act: 'act' },
  AuditTrailQueried: { through: 'way', question: 'question' },
  AuditTrailExported: { through: 'way', form: 'form' },
  AuditAccessRefused: { through: 'way', reason: 'accessRefusal' },
  AuditorSignedIn: { through: 'way' },
  ContentRemovalBegun: { kind: 'kind' },
  ContentRemoved: { kind: 'kind' },
} as const satisfies Pick<Groups, keyof RecordedValues>;

export const METHOD_WORDS = {
  passcode: 'console.values.method.passcode',
  microsoft: 'console.values.method.microsoft',
  google: 'console.values.method.google',
  organisation: 'console.values.method.organisation',
} as const satisfies Readonly<Record<SignInMethod, TextKey>>;

/** Fields that may say anything, and mostly say something out of a list of ours. */
const MOSTLY_LISTED: Readonly<Record<string, (value: string) => TextKey | null>> = {
  method: (value) => wordIn('method', value),
  outcome: (value) => textOf(OUTCOME_WORDS, value),
  evidence: (value) => textOf(EVIDENCE_WORDS, value),
  types: typeNamed,
  eventType: typeNamed,
  roles: (value) => keyed(`console.roles.${value}`),
  fields: (value) => keyed(`console.search.fields.${value}`) ?? wordIn('asked', value),
};

/**
 * What a value of an event is in the reader's words; null for what stands for itself, and for what a later release wrote.
 * @param field without the path to it
 */
export function wordOf(type: string, field: string, value: string): TextKey | null {
  const group = textOf(textOf(GROUPS, type) ?? {}, field);
  return group === null ? (textOf(MOSTLY_LISTED, field)?.(value) ?? null) : wordIn(group, value);
}

export function wordIn(group: ValueGroup, value: string): TextKey | null {
  return keyed(`console.values.${group}.${value}`);
}

function typeNamed(type: string): TextKey | null {
  const title = titleOf(type);
  return title === 'console.events.other' ? null : title;
}

function keyed(key: string): TextKey | null {
  return isTextKey(key) ? key : null;
}

function textOf<Value>(from: Readonly<Record<string, Value>>, name: string): Value | null {
  return Object.hasOwn(from, name) ? (from[name] ?? null) : null;
}
