import { isValidIBAN } from 'ibantools';
import type { ContentDetector } from './detector.ts';

/** Two letters, two check digits, 11 to 30 letters and digits (ISO 13616-1), alone or in groups with a space or hyphen between. Looked at from each place on: one may stand behind what only looks like one. */
const CANDIDATE = /(?<![A-Za-z0-9])(?=([A-Za-z]{2}[ -]?\d{2}(?:[ -]?[A-Za-z0-9]){11,30}))/g;
/** The shortest is Norway's. */
const MIN_CHARACTERS = 15;

/** International bank account numbers: of a country that has them, in its form, with right check digits (ISO 7064 MOD 97-10). */
export const iban: ContentDetector = {
  id: 'iban',
  *findIn(text) {
    for (const [, candidate = ''] of text.matchAll(CANDIDATE)) {
      const compact = candidate.replace(/[ -]/g, '').toUpperCase();
      // The words that follow may have been taken along: a form of fixed length fits one beginning at most.
      for (let length = compact.length; length >= MIN_CHARACTERS; length--) {
        const number = compact.slice(0, length);
        if (!isValidIBAN(number)) continue;
        yield number;
        break;
      }
    }
  },
};
