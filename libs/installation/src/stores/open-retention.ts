import type { Logger } from 'pino';
import { RetentionKeeper } from '#libs/audit';
import type { AuditTrailSource } from '#libs/audit';
import { canRemoveContents } from '#libs/event-store';
import type { EventStore, ProjectionRunner, ReadModels } from '#libs/event-store';
import type { Clock, Instant } from '#libs/vocabulary';
import { hasRetention } from '../settings/retention-settings.ts';
import type { Settings } from '../settings/settings.ts';
import type { Closing } from './closing.ts';

interface RetentionNeeds {
  readonly events: EventStore;
  readonly readModels: ReadModels;
  readonly projections: ProjectionRunner;
  /** Which events are old enough is not looked up by the thread that serves readers. */
  readonly trail: AuditTrailSource;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Starts the daily run. Null where no setting says that anything goes, and where the store changes no event, which the log says then. */
export function openRetention(settings: Settings, needs: RetentionNeeds, closing: Closing): RetentionKeeper | null {
  if (!hasRetention(settings)) return null;
  const { events, readModels, projections, trail, clock, log } = needs;
  if (!canRemoveContents(events)) {
    log.warn('retention does not run by itself: EventStoreDB changes no event (ops/runbooks/retention.md)');
    return null;
  }
  const record = { store: events, readModels, trail, caughtUp: () => projections.caughtUp() };
  const keeper = new RetentionKeeper(record, clock, {
    days: settings.retention,
    timeZone: settings.organisation.timeZone,
    onRun: (counted) => log.info({ rules: counted }, 'the content of old events was removed'),
    onFault: (error) => log.error({ error: String(error) }, 'the content of old events could not be removed'),
  });
  keeper.start();
  return closing.add(keeper, (started) => started.stop());
}

/** For metrics: none where it does not run by itself. @param keeper of this process, asked at a scrape */
export function retentionFigures(settings: Settings, events: EventStore, keeper: () => RetentionKeeper | null) {
  if (!hasRetention(settings) || !canRemoveContents(events)) return {};
  const seconds = (at: Instant | null | undefined) => (at === null || at === undefined ? null : Date.parse(at) / 1000);
  return {
    retentionEndedSeconds: async () => seconds(await keeper()?.lastEndedAt()) ?? 0,
    retentionDueSeconds: async () => seconds(await keeper()?.dueAt()),
  };
}
