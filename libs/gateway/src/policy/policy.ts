import type { MailAddress } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';
import type { ContentDetector } from './content/detector.ts';

/** What an organisation wants done with its outgoing mail: rules in order, the first that matches decides. */
export interface MailPolicy {
  readonly rules: readonly PolicyRule[];
  /** Where no rule matches. Seals unless the document says otherwise. */
  readonly otherwise: Treatment;
  /** Of each kind of mail that machines must be able to read: passed by a fixed rule, or left to the rules. */
  readonly machineMail: Readonly<Record<MachineMail, 'pass' | 'rules'>>;
}

export interface PolicyRule {
  /** As in the record and in a seal's manifest: 1 to 64 of a–z 0–9 . -. Unique within a policy. */
  readonly name: string;
  /** All of them must hold. */
  readonly tests: readonly PolicyTest[];
  readonly treatment: Treatment;
}

export type Treatment =
  | { readonly action: 'seal'; readonly terms: SealTerms }
  | { readonly action: 'pass' }
  /** The reason is what the sending server is answered with: one line of at most 200 characters. */
  | { readonly action: 'refuse'; readonly reason: string };

/** What holds for a sealed message beside who may read it. */
export interface SealTerms {
  /** From sealing to expiry. Null: as the installation is configured. */
  readonly lifetimeSeconds: number | null;
  /** Attachments, the mail as a file, and print. */
  readonly mayDownload: boolean;
  readonly mayReply: boolean;
  readonly mayForward: boolean;
  /** `account`: a one-time passcode is not enough. */
  readonly proof: 'any' | 'account';
  /** The recipient's address is read by several people: each says who they are. */
  readonly isSharedMailbox: boolean;
  /** `own`: the organisation's; `original`: the mail's, without the tags that asked for sealing. */
  readonly carrierSubject: 'own' | 'original' | { readonly text: string };
  /** By language: first paragraph of the carrier in place of the organisation's. What to do next follows it always. */
  readonly carrierText: Partial<Readonly<Record<Locale, string>>>;
}

/** Mail that is written by machines, or that machines must read: sealing it would break what it is for. */
export type MachineMail =
  /** RFC 3464, or any mail whose envelope has no sender (RFC 5321 §4.5.5). */
  | 'bounces'
  /** RFC 3834: answers nobody wrote by hand, such as out-of-office. */
  | 'automaticReplies'
  /** RFC 8098. */
  | 'readReceipts'
  /** RFC 6047: `text/calendar; method=REPLY`. */
  | 'calendarReplies'
  /** RFC 2919 and RFC 2369: what a list program sends on. */
  | 'lists';

export const MACHINE_MAIL = [
  'bounces',
  'automaticReplies',
  'readReceipts',
  'calendarReplies',
  'lists',
] as const satisfies readonly MachineMail[];

/** One address, a domain (`@example.com`), or a domain and all below it (`@*.example.com`). */
export type AddressPattern =
  | { readonly kind: 'address'; readonly address: MailAddress }
  | { readonly kind: 'domain'; readonly domain: string; readonly withSubdomains: boolean };

/** One thing that a rule looks at; of what a list names, one is enough. */
export type PolicyTest =
  | { readonly kind: 'recipient' | 'sender'; readonly among: readonly AddressPattern[] }
  | { readonly kind: 'header'; readonly among: readonly HeaderPattern[] }
  | { readonly kind: 'subjectTag'; readonly among: readonly string[] }
  | { readonly kind: 'sensitivityLabel'; readonly among: readonly string[] }
  | { readonly kind: 'largerThan'; readonly bytes: number }
  | { readonly kind: 'attachment'; readonly kinds: readonly AttachmentKind[]; readonly names: readonly NamePattern[] }
  | { readonly kind: 'content'; readonly detectors: readonly ContentDetector[]; readonly atLeast: number }
  /** Words could not be searched: a file that is locked, past a limit, or damaged. */
  | { readonly kind: 'unsearchable' }
  | { readonly kind: 'any'; readonly of: readonly (readonly PolicyTest[])[] }
  | { readonly kind: 'not'; readonly tests: readonly PolicyTest[] };

export interface HeaderPattern {
  /** Lower case. */
  readonly name: string;
  /** As it stands in the document, for what is said of it. */
  readonly said: string;
  /** Of one field's decoded text. */
  readonly matches: (text: string) => boolean;
}

export interface NamePattern {
  readonly said: string;
  readonly matches: (fileName: string) => boolean;
}

export const ATTACHMENT_KINDS = [
  'pdf',
  'office',
  'archive',
  'program',
  'picture',
  'sound-or-film',
  'text',
  'page',
  'mail',
  'calendar',
  'key-or-signature',
  'other',
] as const;
export type AttachmentKind = (typeof ATTACHMENT_KINDS)[number];

/** Every test of a policy, those within others included. */
export function testsOf(policy: MailPolicy): PolicyTest[] {
  const within = (tests: readonly PolicyTest[]): PolicyTest[] =>
    tests.flatMap((test) => {
      if (test.kind === 'any') return [test, ...test.of.flatMap(within)];
      return test.kind === 'not' ? [test, ...within(test.tests)] : [test];
    });
  return policy.rules.flatMap(({ tests }) => within(tests));
}

/** What the words of a mail must be searched for, so that every rule can be decided. Empty: the words need not be read. */
export function detectorsOf(policy: MailPolicy): ContentDetector[] {
  const found = new Map<string, ContentDetector>();
  for (const test of testsOf(policy)) {
    if (test.kind === 'content') for (const detector of test.detectors) found.set(detector.id, detector);
  }
  return [...found.values()];
}

/** The tags that ask for a treatment: they have no place in a carrier's subject. */
export function subjectTagsOf(policy: MailPolicy): string[] {
  return [...new Set(testsOf(policy).flatMap((test) => (test.kind === 'subjectTag' ? test.among : [])))];
}
