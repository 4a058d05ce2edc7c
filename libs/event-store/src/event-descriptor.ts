import type { EncryptedPersonalData, MessageId, PersonId } from '#libs/vocabulary';
import type { DomainEvent } from './domain-event.ts';

/** How strong an event is as evidence of what a person did or saw: the further down, the stronger. */
export const EVIDENCE = [
  /** Counts of many, about nobody: never in the trail. */
  'statistics',
  /** What the installation writes for itself, about nobody: never in the trail. */
  'bookkeeping',
  /** Something that the organisation's own people or programs did. */
  'administrative',
  'message-sealed',
  /** The attachment reached the portal, by whichever hands. */
  'carrier-received',
  /** Somebody asked for the content, or tried to prove an address, and did not get through. */
  'access-refused',
  'proof-failed',
  /** A code was made for an address, and may not have left. */
  'challenge-made',
  /** The next hop took a code for that address. */
  'challenge-sent',
  /** Somebody proved the address; how says the fact `method`. */
  'identity-proven',
  'content-shown',
  'file-downloaded',
] as const;
export type Evidence = (typeof EVIDENCE)[number];

export type Outcome = 'done' | 'refused' | 'failed';

/**
 * What a person is in an event. `claimant`: whose address is to be proven (NIST SP 800-63); `reader`: who is shown content; `subject`: whom
 * a question or a decision of the organisation's own people is about.
 */
export type PersonPart = 'sender' | 'recipient' | 'claimant' | 'reader' | 'subject';

/** What else an event says that is asked for, whatever the field is called. All of it is stored in clear. `own`: the event's own id. */
export interface EventFacts<Field> {
  /** When it happened, where that is not when it was recorded. */
  readonly happenedAt?: Field;
  /** How the address was proven: a field, or the only way there is. */
  readonly method?: Field | { readonly always: string };
  readonly reason?: Field;
  readonly submissionId?: Field;
  readonly caseNumber?: Field;
  /** The sign-in that this rests on, or is. */
  readonly signInId?: Field | { readonly own: true };
  /** The challenge by a code that this rests on, or belongs to. */
  readonly challengeId?: Field;
}

/**
 * What an event says about persons and messages, so that nobody else has to guess. Every field of an event's data that is a
 * `PersonId`, a `MessageId` or encrypted must be named: leaving one out is an error of the build, and so is a field that is not
 * there. Encrypted fields stand at the top of the data, since a field's name goes into its key.
 */
export type EventDescriptor<Event extends DomainEvent> = {
  /** The shape that is written now. */
  readonly version: VersionOf<Event>;
  readonly evidence: Evidence;
  readonly outcome: Outcome;
  readonly persons: { readonly [Path in PathTo<Event['data'], PersonId>]: PersonPart };
  /** Under whose key each one is: the field that holds that person's id. */
  readonly encrypted: {
    readonly [Path in PathTo<Event['data'], EncryptedPersonalData>]: Path extends keyof AnyOf<Event['data']>
      ? PathTo<Event['data'], PersonId>
      : never;
  };
  /** Every field that names a message. (That of its stream is known by the stream's name.) */
  readonly messages: { readonly [Path in PathTo<Event['data'], MessageId>]: true };
  readonly facts: EventFacts<TextField<Event['data']>>;
  /** What may be searched by its words: never anything that a person could be found by. */
  readonly words: readonly TextField<Event['data']>[];
} & Upcasts<VersionOf<Event>, Event['data']>;

/** Of an event that says what the organisation's own people or programs did, and names nobody: to be spread, and what is otherwise said after it. */
export const ADMINISTRATIVE = {
  version: 1,
  evidence: 'administrative',
  outcome: 'done',
  persons: {},
  encrypted: {},
  messages: {},
} as const;

export type EventDescriptors<Event extends DomainEvent> = {
  readonly [Type in Event['type']]: EventDescriptor<Extract<Event, { type: Type }>>;
};

/** One kind of stream: beside each union of events stands one, `as const satisfies StreamDescriptor<ThatUnion>`. */
export interface StreamDescriptor<Event extends DomainEvent> {
  /** What stands before the first hyphen of such a stream's name. */
  readonly category: string;
  /** What the rest of the name is the id of. */
  readonly names: 'message' | 'submission' | 'client' | 'nothing' | { readonly person: PersonPart };
  readonly events: EventDescriptors<Event>;
}

/** Makes data of the next version from that of the one before, whose type is nobody's any more: the frozen samples hold it. */
export type Upcast<Next extends object = object> = (data: never) => Next;

/** One for each step from the first version to the present one; the last makes what the type says. */
type Upcasts<Version extends number, Data extends object> = Version extends 1
  ? { readonly upcasts?: undefined }
  : { readonly upcasts: StepsTo<Version, Upcast<Data>> };
type StepsTo<Version extends number, Last, Steps extends readonly unknown[] = [Last]> = [
  ...Steps,
  Upcast,
]['length'] extends Version
  ? Steps
  : StepsTo<Version, Last, [Upcast, ...Steps]>;

export type VersionOf<Event extends DomainEvent> = Event extends { readonly version: infer Version extends number }
  ? Version
  : 1;

/** Paths of the fields whose type is `Wanted`: `senderId`, `messages[].recipientId`. */
type PathTo<Data, Wanted extends string> = Data extends unknown
  ? { [Name in keyof Data & string]-?: PathOfField<Name, NonNullable<Data[Name]>, Wanted> }[keyof Data & string]
  : never;
type PathOfField<Name extends string, Field, Wanted extends string> = Field extends string
  ? Field extends Wanted
    ? Name
    : never
  : Field extends readonly (infer Item)[]
    ? Item extends object
      ? `${Name}[].${PathTo<Item, Wanted>}`
      : never
    : Field extends object
      ? `${Name}.${PathTo<Field, Wanted>}`
      : never;

/** All members of a union of shapes at once. */
type AnyOf<Data> = Data extends unknown ? { [Name in keyof Data]: Data[Name] } : never;

/** Fields that hold text in clear and name nobody. */
type TextField<Data> = Data extends unknown
  ? {
      [Name in keyof Data & string]-?: NonNullable<Data[Name]> extends string
        ? NonNullable<Data[Name]> extends PersonId | EncryptedPersonalData
          ? never
          : Name
        : never;
    }[keyof Data & string]
  : never;
