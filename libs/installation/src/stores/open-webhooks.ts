import { join } from 'node:path';
import type { Logger } from 'pino';
import { ReadModels } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import type { Metrics } from '#libs/telemetry';
import type { Clock } from '#libs/vocabulary';
import { switchOffWebhooks, Webhooks } from '#libs/webhooks';
import { hasRole } from '../roles.ts';
import type { Settings } from '../settings/settings.ts';
import { webhooksOf } from '../settings/webhook-settings.ts';
import type { Closing } from './closing.ts';
import { DATA_FILES } from './data-files.ts';

interface WebhookNeeds {
  readonly eventStore: EventStore;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** @returns null where no program has a webhook, or this process is no gateway. @throws ConfigurationFault, EventStoreUnavailable */
export async function openWebhooks(
  settings: Settings,
  { eventStore, clock, metrics, log }: WebhookNeeds,
  closing: Closing,
): Promise<Webhooks | null> {
  if (!hasRole(settings, 'gateway')) return null;
  const webhooks = webhooksOf(settings);
  const without = settings.signIn.clients.filter(({ kind, webhook }) => kind === 'program' && webhook === undefined);
  const clientIds = without.map(({ clientId }) => clientId);
  for (const clientId of await switchOffWebhooks(eventStore, clock, clientIds))
    log.warn({ clientId }, 'a webhook that is not configured here stays on: it was switched on within the hour');
  if (webhooks.length === 0) return null;
  const readModels = closing.add(ReadModels.open(join(settings.dataDir, DATA_FILES.webhooks)), (opened) =>
    opened.close(),
  );
  return closing.add(
    await Webhooks.start({
      store: eventStore,
      ...{ readModels, clock, webhooks },
      onNotice: (notice) => {
        metrics.countWebhook(notice.outcome);
        log[notice.outcome === 'delivered' ? 'info' : 'warn'](notice, 'a webhook was tried at its receiver');
      },
      onFault: (clientId, error) => log.error({ clientId, error: String(error) }, 'webhooks have a fault'),
    }),
    (started) => started.close(),
  );
}
