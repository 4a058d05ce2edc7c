import type { MailHeader } from '#libs/mail';
import { DomainError } from '#libs/vocabulary';

/** What a program sent as a mail lacks its header or its body: it was cut off, or never was a mail. */
export class MailIncomplete extends DomainError {
  readonly lacks: 'header' | 'body';

  constructor(lacks: MailIncomplete['lacks']) {
    super('mail-incomplete', `the mail has no ${lacks}; nothing was sealed`);
    this.lacks = lacks;
  }
}

/** @throws MailIncomplete for what has none of the fields that mails have */
export function checkHasHeader({ isOfMail }: MailHeader): void {
  if (!isOfMail) throw new MailIncomplete('header');
}

/**
 * An empty body behind an empty line is one: people send such mails (RFC 5322 §3.5). A mail that ends within its header was cut off.
 * @param header read of as much as there is of it @throws MailIncomplete
 */
export function checkHasBody({ isEnded, isCut }: MailHeader): void {
  if (!isEnded && !isCut) throw new MailIncomplete('body');
}
