import { DomainError } from '#libs/vocabulary';
import type { SmtpAnswer } from '../outgoing-mail.ts';
import { safeWords } from './outcomes.ts';

/** More mails wait to be looked at than may. */
export class GatewayBusy extends DomainError {
  constructor() {
    super('gateway-busy', 'too many mails at once');
  }
}

/** Faults of the mail itself, by the code of the error: trying again is useless. */
const FOR_GOOD: Readonly<Record<string, { readonly code: number; readonly enhanced: string }>> = {
  'from-unclear': { code: 550, enhanced: '5.6.0' },
  'mail-too-large': { code: 552, enhanced: '5.3.4' },
};

/** Everything else is ours, and may pass: the sending server keeps the mail. A failure is never a reason to send it in clear. */
export function answerOfFailure(error: unknown): SmtpAnswer {
  const code = error instanceof DomainError ? error.code : '';
  const forGood = FOR_GOOD[code];
  if (forGood && error instanceof DomainError) return { ...forGood, words: safeWords(error.message) };
  return {
    code: 451,
    enhanced: '4.3.0',
    words: 'not now: the gateway could not finish; nothing was sent for this recipient',
  };
}
