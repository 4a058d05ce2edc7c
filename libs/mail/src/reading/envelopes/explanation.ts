import type { Instant } from '#libs/vocabulary';

/** What a reader is told in words of something that a mail holds: how it was opened, why it cannot be, or what it says. */
export type Explanation =
  /** A winmail.dat of Outlook or Exchange was opened. */
  | { readonly kind: 'winmail'; readonly isDamaged: boolean }
  | SignedContent
  | { readonly kind: 'smime-encrypted' | 'pgp-encrypted' | 'pgp-signed' | 'rights-protected' }
  /** One piece of a mail that was sent in several (RFC 2046 §5.2.2); 0 where the mail does not say. */
  | { readonly kind: 'partial'; readonly piece: number; readonly pieces: number }
  | Appointment
  | Contact
  | DeliveryReport
  | Receipt;

/** S/MIME, around the content or beside it (RFC 8551 §3.5.2 and §3.5.3). */
export interface SignedContent {
  readonly kind: 'smime-signed';
  /** `unchecked`: no certificate of the signer inside, or of an algorithm that is not known here. */
  readonly signature: 'valid' | 'invalid' | 'unchecked';
  /** One of the operator's certificate authorities stands behind the certificate; false where none are named. */
  readonly isTrusted: boolean;
  /** As the certificate has it, '' for what it does not have. */
  readonly signer: string;
  readonly addresses: readonly string[];
  readonly issuer: string;
}

export interface AppointmentTime {
  /** As the calendar has it: `2026-12-01T09:00:00`, or a date alone for whole days. */
  readonly local: string;
  /** The name of its zone; '' where it floats (RFC 5545 §3.3.5). */
  readonly zone: string;
  /** Null for whole days, and for a zone that nobody here knows. */
  readonly at: Instant | null;
}

/** A VEVENT (RFC 5545 §3.6.1). All strings are one line but for `description`. */
export interface Appointment {
  readonly kind: 'appointment';
  readonly isCancelled: boolean;
  readonly isReply: boolean;
  readonly summary: string;
  readonly start: AppointmentTime | null;
  /** Of whole days, the last one. */
  readonly end: AppointmentTime | null;
  readonly repeats: boolean;
  readonly location: string;
  readonly organiser: string;
  readonly attendees: readonly string[];
  readonly moreAttendees: number;
  readonly description: string;
}

/** A vCard (RFC 6350). */
export interface Contact {
  readonly kind: 'contact';
  readonly name: string;
  readonly organisation: string;
  readonly addresses: readonly string[];
  readonly telephones: readonly string[];
}

export type DeliveryAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';

/** RFC 3464 §2.3.3. */
export interface DeliveryReport {
  readonly kind: 'delivery';
  readonly action: DeliveryAction;
  readonly recipients: readonly string[];
  readonly moreRecipients: number;
  /** What the server said, of the first recipient; '' for nothing. */
  readonly reason: string;
}

/** RFC 8098 §3.2.6.2. */
export interface Receipt {
  readonly kind: 'receipt';
  readonly disposition: 'displayed' | 'deleted' | 'processed' | 'failed';
  readonly recipient: string;
}
