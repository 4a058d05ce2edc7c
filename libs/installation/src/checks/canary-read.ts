import { newestCanaryView } from '#libs/audit';
import { DomainError, secondsBetween, SystemClock } from '#libs/vocabulary';
import type { Check } from './check.ts';
import { partsOf } from '../roles.ts';
import { hasCanary } from '../settings/canary-settings.ts';

/** Runs that may be missed: a restart, a mail server that is slow for once. */
const MAX_MISSED = 3;

/** Mail that the installation seals to itself is not read any more: nobody else's may be either. */
class CanaryNotRead extends DomainError {
  constructor(words: string) {
    super('canary-not-read', words);
  }
}

/** By the record, so that it is known from outside and after a restart. */
export const CHECK_OF_CANARY: Check = {
  part: 'canary',
  looksAt: 'when a canary mail was last read, as the record has it',
  failsWhen: 'that is longer ago than three of them are apart, or none was ever read',
  whatToDo: 'send one and see which step it stops at ("segl canary run"), and why (the log; ops/runbooks/alerts.md)',
  askers: ['doctor'],
  concerns: (settings) => hasCanary(settings) && partsOf(settings).has('readModels'),
  isTold: () => false,
  async run(parts) {
    const trail = await parts.trail().catch(() => null); // its fault is said by a check of its own
    if (trail === null) return 'not looked at: there is no record yet, or nothing that follows it';
    const readAt = newestCanaryView(trail);
    if (readAt === null) throw new CanaryNotRead('none was ever read');
    const seconds = secondsBetween(readAt, new SystemClock().now());
    const words = `the last one was read at ${readAt}`;
    if (seconds > MAX_MISSED * parts.settings.canary.everySeconds) throw new CanaryNotRead(words);
    return words;
  },
};
