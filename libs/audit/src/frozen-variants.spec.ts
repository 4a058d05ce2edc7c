import { describe, expect, it } from '@jest/globals';
import type { RelayingEvent } from '#libs/gateway';
import type { AuditedEvent, RecordedValues } from './recorded-values.ts';
import { frozenEvents } from './testing/frozen/frozen-events.ts';

type AnyEvent = AuditedEvent | RelayingEvent;
/** Paths of the fields that may be missing, through lists and within what may be missing itself. */
type OptionalIn<Data, Path extends string = ''> = Data extends string
  ? never
  : Data extends readonly (infer One)[]
    ? OptionalIn<One, `${Path}.[]`>
    : Data extends object
      ? {
          [Name in keyof Data & string]-?:
            | (Record<never, never> extends Pick<Data, Name> ? `${Path}.${Name}` : never)
            | OptionalIn<Exclude<Data[Name], undefined>, `${Path}.${Name}`>;
        }[keyof Data & string]
      : never;
type OptionalOf<Type extends AnyEvent['type']> = OptionalIn<Extract<AnyEvent, { readonly type: Type }>['data']>;
/** One line for each field that may be missing: what an event can leave out and is not here is an error of the build. */
type Optional = {
  readonly [Type in AnyEvent['type'] as [OptionalOf<Type>] extends [never] ? never : Type]: Readonly<
    Record<OptionalOf<Type>, true>
  >;
};

const WHY = { '.caseNumber': true, '.reason': true, '.approvedBy': true } as const;
const ASKED = { ...WHY, '.messageId': true, '.persons': true, '.from': true, '.to': true } as const;
const OPTIONAL = {
  MessageSealed: { '.senderName': true, '.mailSubject': true, '.submissionId': true, '.policy': true, '.terms': true },
  MessageRevoked: WHY,
  MessageViewed: { '.networkAddress': true, '.reader': true },
  AttachmentDownloaded: { '.fileName': true, '.networkAddress': true, '.reader': true },
  AttachmentViewed: { '.networkAddress': true, '.reader': true },
  RecipientAuthenticated: { '.subjectId': true, '.reader': true, '.networkAddress': true },
  AuthenticationFailed: { '.personId': true, '.method': true, '.upstream': true, '.issuer': true },
  OtpIssued: { '.budget': true },
  OtpRejected: { '.budget': true },
  RelayingBegun: { '.messageId': true, '.keptSeal': true },
  KeyMade: WHY,
  KeyRotated: WHY,
  KeyDestroyed: WHY,
  HoldPlaced: { '.reason': true, '.approvedBy': true },
  HoldLifted: { '.reason': true, '.approvedBy': true },
  SessionsEnded: WHY,
  ErasureBegun: WHY,
  SubjectErased: WHY,
  ActProposed: {
    ...{ '.caseNumber': true, '.reason': true, '.messages': true, '.personId': true },
    ...{ '.export': true, '.export.since': true, '.export.fromIndex': true },
    ...{ '.export.question.personId': true, '.export.question.senderId': true },
    ...{ '.export.question.recipientId': true, '.export.question.readerId': true },
    ...{ '.export.question.types': true, '.export.question.outcome': true, '.export.question.method': true },
    ...{ '.export.question.evidence': true, '.export.question.from': true, '.export.question.to': true },
    ...{ '.export.question.submissionId': true, '.export.question.caseNumber': true },
    '.export.question.withCanary': true,
  },
  BackupMade: { '.caseNumber': true, '.reason': true },
  BackupRestored: { '.caseNumber': true, '.reason': true },
  AuditTrailQueried: ASKED,
  AuditTrailExported: ASKED,
  AuditAccessRefused: { '.personId': true, '.address': true },
  ContentRemovalBegun: WHY,
  ContentRemoved: { '.rules.[].lookedFrom': true, '.rules.[].leftFrom': true },
  EventPassedOver: { '.eventId': true, '.eventType': true },
} as const satisfies Optional;

const ACTS = { revoke: true, erase: true, 'lift-hold': true, export: true } as const satisfies Readonly<
  Record<RecordedValues['ActProposed']['act'], true>
>;

/** Whether anything of the data stands at that path. */
function isAt(data: unknown, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return true;
  if (typeof data !== 'object' || data === null) return false;
  if (step === '[]') return Object.values(data).some((one) => isAt(one, rest));
  return Object.hasOwn(data, step) && isAt((data as Record<string, unknown>)[step], rest);
}

const samples = Map.groupBy(frozenEvents(), ({ type }) => type);

describe('samples of every shape of an event', () => {
  it.each(Object.entries(OPTIONAL))('of %s: with each field that may be missing, and without', (type, fields) => {
    for (const path of Object.keys(fields)) {
      const found = (samples.get(type) ?? []).map(({ data }) => isAt(data, path.split('.').slice(1)));
      expect([path, new Set(found)]).toEqual([path, new Set([true, false])]);
    }
  });

  it.each(['ActProposed', 'ActConfirmed', 'ActDeclined', 'ActCarriedOut'])('of %s: of each act', (type) => {
    const acts = (samples.get(type) ?? []).map(({ data }) => (data as { act: string }).act);
    expect(new Set(acts)).toEqual(new Set(Object.keys(ACTS)));
  });
});
