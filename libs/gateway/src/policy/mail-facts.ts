import type { MailHeader } from '#libs/mail';
import type { MailAddress } from '#libs/vocabulary';
import type { AttachmentKind, MachineMail } from './policy.ts';

/** What a policy may look at of one mail: read once, for all its recipients. */
export interface MailFacts {
  /** Of the envelope. Null: the null reverse-path of bounces (RFC 5321 §4.5.5). */
  readonly mailFrom: MailAddress | null;
  /** Every address that From and Sender name. */
  readonly authors: readonly MailAddress[];
  readonly header: MailHeader;
  readonly mailSubject: string;
  readonly bytes: number;
  readonly attachments: readonly AttachmentFacts[];
  /** How many different things each content detector found, by its id; empty where the policy asks for none. */
  readonly found: ReadonlyMap<string, number>;
  /** What could not be searched, in words; empty where all was. */
  readonly unsearched: readonly string[];
  /** Null: a person's mail, as far as can be told. */
  readonly machineMail: MachineMail | null;
  readonly seal: SealInMail | null;
}

/** A mail that is a carrier, whole and with nothing around it: `recorded`, and so one of ours; `unasked`: there was no record to ask. */
export type SealInMail = 'recorded' | 'unasked';

export interface AttachmentFacts {
  readonly fileName: string;
  /** By its name and by its first bytes: they may differ, and either counts. */
  readonly kinds: readonly AttachmentKind[];
}
