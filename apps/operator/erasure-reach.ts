import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { MessagesInTrail } from '#libs/audit';
import { EraseSubjectHandler } from '#libs/compliance';
import type { EphemeralStore } from '#libs/ephemeral-store';
import { DATA_FILES, isEmbedded } from '#libs/installation';
import { MailRelay, Outbox, RelayUnavailable } from '#libs/mail';
import type { RelayReceipt } from '#libs/mail';
import { Refused } from './exit-codes.ts';
import type { Operator } from './operator.ts';
import { caughtUpReadModels } from './read-models.ts';
import type { OpenedForCommand } from './stores.ts';

export interface ErasureHere {
  readonly handler: EraseSubjectHandler;
  readonly messages: MessagesInTrail;
}

/** What `segl erase` reaches: the stores of this configuration, and the outbox of this machine. @throws Unavailable */
export async function erasureHere(
  operator: Operator,
  command: Command,
  stores: OpenedForCommand,
): Promise<ErasureHere> {
  const places = operator.places(command);
  const persons = await stores.persons();
  const store = await stores.eventStore();
  let opened: Awaited<ReturnType<typeof caughtUpReadModels>> | null = null;
  const messages = new MessagesInTrail(async () => {
    if (opened === null) opened = await caughtUpReadModels(places, stores);
    else await opened.runner.caughtUp();
    return opened.readModels.db;
  });
  const outbox = await outboxOf(join(places.dataDir, DATA_FILES.outbox), stores, operator);
  const sessions = await sharedSessions(operator, command, stores);
  return {
    handler: new EraseSubjectHandler(store, { persons, messages, outbox, sessions }, operator.terminal.clock),
    messages,
  };
}

/** Beside running processes: it takes carriers back and sends none. */
async function outboxOf(directory: string, stores: OpenedForCommand, { terminal }: Operator): Promise<Outbox | null> {
  if (!existsSync(directory)) return null;
  const outbox = await Outbox.open({
    directory,
    clock: terminal.clock,
    relay: new NoRelay(),
    settle: () => Promise.resolve('later'),
  });
  stores.onEnd(() => outbox.close());
  return outbox;
}

/** Null where sessions are in the memory of the portal alone: there the erased prove nothing from their next request on. */
async function sharedSessions(
  operator: Operator,
  command: Command,
  stores: OpenedForCommand,
): Promise<EphemeralStore | null> {
  const settings = operator.settingsWhereWell(command, 'ephemeralStore');
  if (isEmbedded('ephemeralStore', settings.ephemeralStore)) return null;
  return stores.ephemeralStore(settings);
}

/** For an outbox that is only looked into. */
export class NoRelay extends MailRelay {
  override send(): Promise<RelayReceipt> {
    return Promise.reject(new Refused('this command sends nothing'));
  }

  override checkReachable(): Promise<void> {
    return Promise.reject(new RelayUnavailable('this command sends nothing', 0));
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}
