import { recordKeyAct } from '#libs/compliance';
import type { Operator } from './operator.ts';
import type { OpenedForCommand } from './stores.ts';

type KeyAct = Parameters<typeof recordKeyAct>[1];

/**
 * What is about to be done to keys, recorded once it is done. A record that would not take it now stops it before; where there is none on
 * this machine, the next start of a process that has both finds what became of the keyring.
 * @throws EventStoreUnavailable
 */
export async function recordedKeyAct<Done>(
  operator: Operator,
  stores: OpenedForCommand,
  act: () => Promise<{ readonly done: Done; readonly events: readonly KeyAct[] }>,
): Promise<Done> {
  const store = stores.has('eventStore') ? await stores.eventStore() : null;
  await store?.checkWritable();
  const { done, events } = await act();
  if (store === null && events.length > 0)
    operator.terminal.say('segl: there is no event store here: the next start that has one records this');
  if (store !== null) for (const event of events) await recordKeyAct(store, event);
  return done;
}
