import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ProjectionRunner, ReadModels } from '#libs/event-store';
import { DATA_FILES, PROJECTIONS } from '#libs/installation';
import type { Places } from '#libs/installation';
import { Unavailable } from './exit-codes.ts';
import type { OpenedForCommand } from './stores.ts';

/** How long a query waits for what it reads to be complete. A rebuild takes as long as it takes. */
const CAUGHT_UP_MS = 60_000;

/** The appliance's own read models, in its own file: two that follow do no harm. */
export async function openReadModels(
  { dataDir }: Places,
  stores: OpenedForCommand,
): Promise<{ readModels: ReadModels; runner: ProjectionRunner }> {
  const store = await stores.eventStore();
  if (!existsSync(dataDir))
    throw new Unavailable(`there is no data directory at ${dataDir}: give --data-dir, or set SEGL_DATA_DIR`);
  const readModels = ReadModels.open(join(dataDir, DATA_FILES.readModels));
  stores.onEnd(() => readModels.close());
  const runner = new ProjectionRunner(store, readModels, PROJECTIONS);
  stores.onEnd(() => runner.stop());
  return { readModels, runner };
}

/** Read models that hold everything recorded before this call. @throws ProjectionsBehind */
export async function caughtUpReadModels(
  places: Places,
  stores: OpenedForCommand,
): Promise<{ readModels: ReadModels; runner: ProjectionRunner }> {
  const { readModels, runner } = await openReadModels(places, stores);
  runner.start();
  await runner.caughtUp(CAUGHT_UP_MS);
  return { readModels, runner };
}
