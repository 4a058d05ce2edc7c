import type { MailAddress } from '#libs/vocabulary';
import type { SmtpAnswer } from '../outgoing-mail.ts';

/** What became of a mail for one recipient. */
export type RecipientOutcome = { readonly recipient: MailAddress } & (
  | { readonly kind: 'taken' }
  /** For good: by policy, or by the next hop. */
  | { readonly kind: 'refused'; readonly answer: SmtpAnswer }
  | { readonly kind: 'deferred'; readonly answer: SmtpAnswer }
);

export type RefusedOutcome = Extract<RecipientOutcome, { kind: 'refused' }>;

export type Conclusion =
  | { readonly kind: 'answer'; readonly answer: SmtpAnswer }
  /** Some have it and others never will: the sender is told by a report, before the sending server is told 250. */
  | { readonly kind: 'report'; readonly refused: readonly RefusedOutcome[] };

/**
 * One answer for all recipients, since SMTP has one. As long as any of them may still get it, the sending server keeps the mail and
 * tries again, and whoever has it is passed over then.
 */
export function conclude(outcomes: readonly RecipientOutcome[]): Conclusion {
  const deferred = outcomes.filter((outcome) => outcome.kind === 'deferred');
  const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
  const [firstDeferred] = deferred;
  const [firstRefused] = refused;
  if (firstDeferred) return { kind: 'answer', answer: ofSome(firstDeferred.answer, deferred, outcomes) };
  if (!firstRefused) return { kind: 'answer', answer: taken() };
  if (refused.length === outcomes.length)
    return { kind: 'answer', answer: ofSome(firstRefused.answer, refused, outcomes) };
  return { kind: 'report', refused };
}

export function taken(): SmtpAnswer {
  return { code: 250, enhanced: '2.0.0', words: 'the next hop has it' };
}

function ofSome(answer: SmtpAnswer, these: readonly unknown[], all: readonly unknown[]): SmtpAnswer {
  if (all.length === 1) return answer;
  return { ...answer, words: safeWords(`${these.length} of ${all.length} recipients: ${answer.words}`) };
}

/** 200 characters: with code and line end well below the 512 octets of a reply (RFC 5321 §4.5.3.1.5). */
const MAX_WORDS = 200;

/** One line of printable ASCII, whatever came. */
export function safeWords(text: string): string {
  const words = text
    .replace(/[^\x21-\x7e]+/g, ' ')
    .trim()
    .slice(0, MAX_WORDS);
  return words === '' ? 'no reason given' : words;
}

/**
 * A reply of the next hop as an answer of ours: its words without the codes in front, 4yz or 5yz as what it meant.
 * @param reply as MailRelay gives it: `550 5.1.1 <anna@example.com> is not here`
 */
export function answerOfHop(
  kind: 'refused' | 'deferred',
  reply: string,
  replyCode: number,
  enhancedStatus: string,
): SmtpAnswer {
  const [, rest = ''] = /^(?:[245]\d\d[ -])?\s*(?:[245]\.\d{1,3}\.\d{1,3})?\s*(.*)$/s.exec(reply) ?? [];
  const first = kind === 'refused' ? '5' : '4';
  const enhanced = enhancedStatus.startsWith(first) ? enhancedStatus : `${first}.0.0`;
  const isCodeOfKind = String(replyCode).startsWith(first);
  // 421 and 521 say that a connection ends, which ours does not.
  const code = isCodeOfKind && replyCode !== 421 && replyCode !== 521 ? replyCode : kind === 'refused' ? 550 : 451;
  return { code, enhanced, words: safeWords(`next hop: ${rest}`) };
}
