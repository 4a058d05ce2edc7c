import cardValidator from 'card-validator';
import type { ContentDetector } from './detector.ts';

/** Digits, with one space, hyphen or dot between some of them. */
const RUN = /(?<!\d)\d(?:[ .-]?\d)*/g;
/** 12 to 19 digits (ISO/IEC 7812-1) as they are written: in one, or in the groups that stand on cards. */
const WRITTEN = /^(?:\d{12,19}|\d{4}([ .-])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ .-])\d{6}\2\d{4,5})$/;
/** Five groups at most. */
const MAX_GROUPS = 5;

/** The numbers of payment cards: of a known network, of its length, with a right check digit (Luhn, ISO/IEC 7812-1 annex B). */
export const paymentCard: ContentDetector = {
  id: 'payment-card',
  *findIn(text) {
    for (const [run] of text.matchAll(RUN)) {
      const groups = run.split(/(?<=[ .-])/); // each with its separator
      for (let first = 0; first < groups.length; first++) yield* beginningAt(groups, first);
    }
  },
};

/** What stands before and behind (an expiry date, the next number of a list) may belong to the same run of digits. */
function* beginningAt(groups: readonly string[], first: number): Generator<string> {
  for (let length = MAX_GROUPS; length > 0; length--) {
    const candidate = groups
      .slice(first, first + length)
      .join('')
      .replace(/[ .-]$/, '');
    if (!WRITTEN.test(candidate)) continue;
    const digits = candidate.replace(/\D/g, '');
    if (/^(\d)\1+$/.test(digits) || !cardValidator.number(digits).isValid) continue; // a row of zeros passes every check
    yield digits;
    return;
  }
}
