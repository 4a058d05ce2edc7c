import { requireTimelyRetention } from '#libs/audit';
import { DomainError, SystemClock } from '#libs/vocabulary';
import { partsOf } from '../roles.ts';
import { hasRetention } from '../settings/retention-settings.ts';
import type { Settings } from '../settings/settings.ts';
import { isEmbedded } from '../stores/store-urls.ts';
import type { Check } from './check.ts';

class RetentionByHand extends DomainError {
  constructor() {
    super('retention-by-hand', 'it does not run by itself: EventStoreDB changes no event');
  }
}

function isSet(settings: Settings): boolean {
  return hasRetention(settings) && partsOf(settings).has('readModels');
}

/** Whether what the settings say may go does go. */
export const CHECKS_OF_RETENTION: readonly Check[] = [
  {
    part: 'retention',
    looksAt: 'when the last run of retention ended, as the record has it',
    failsWhen: 'that is longer ago than 48 hours, or this process has made none for so long',
    whatToDo:
      'see why in the log ("the content of old events could not be removed"); "segl retention apply" does it now',
    askers: ['readiness', 'doctor'],
    onlyWarns: true,
    concerns: (settings) => isSet(settings) && isEmbedded('eventStore', settings.eventStore),
    isTold: () => true,
    async run(parts) {
      const keeper = await parts.retention();
      if (keeper !== null) return keeper.requireTimely();
      const store = await parts.eventStore().catch(() => null); // its fault is said by a check of its own
      return store === null ? 'there is no record yet' : requireTimelyRetention(store, new SystemClock().now());
    },
  },
  {
    part: 'retention on EventStoreDB',
    looksAt: 'whether retention is set where nothing can make it hold by itself',
    failsWhen: 'it is',
    whatToDo: 'take the content out by way of a file, as often as the settings promise (ops/runbooks/retention.md)',
    askers: ['doctor'],
    onlyAdvises: true,
    concerns: (settings) => isSet(settings) && !isEmbedded('eventStore', settings.eventStore),
    isTold: () => true,
    run: () => Promise.reject(new RetentionByHand()),
  },
];
