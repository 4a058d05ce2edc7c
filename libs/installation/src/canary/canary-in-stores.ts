import type { EphemeralStore } from '#libs/ephemeral-store';
import type { EventStore } from '#libs/event-store';
import type { PersonDirectory } from '#libs/keyring';
import type { Clock, PersonId } from '#libs/vocabulary';
import { canaryAddress, hasCanary } from '../settings/canary-settings.ts';
import type { Settings } from '../settings/settings.ts';
import { appointedCanary, canaryStandingIn } from './canary.ts';
import { CanaryMailbox } from './canary-mailbox.ts';

export interface CanaryInStores {
  readonly mailbox: CanaryMailbox;
  /** As it was at the start; it is another one after it was erased. */
  readonly personId: PersonId;
}

interface Needs {
  readonly eventStore: EventStore;
  readonly persons: PersonDirectory | null;
  readonly ephemeralStore: EphemeralStore | null;
  readonly clock: Clock;
}

/** Null where no canary mails are sent, or no part of this process has to do with them. @throws EventStoreUnavailable, PersonDirectoryUnavailable */
export async function openCanary(
  settings: Settings,
  { eventStore, persons, ephemeralStore, clock }: Needs,
): Promise<CanaryInStores | null> {
  if (!hasCanary(settings) || persons === null || ephemeralStore === null) return null;
  const mailbox = new CanaryMailbox(canaryAddress(settings), ephemeralStore);
  return { mailbox, personId: await appointedCanary({ persons, eventStore, clock, mailbox }) };
}

/** For metrics. While the store is away: NaN, which is not known. */
export function canaryFigures(settings: Settings, store: EphemeralStore | null) {
  if (!hasCanary(settings) || store === null) return {};
  const { everySeconds } = settings.canary;
  const canary = async () => {
    const standing = await canaryStandingIn(store).catch(() => undefined);
    if (standing === undefined) return { passedSeconds: NaN, everySeconds };
    const passedAt = standing?.passedAt ?? null;
    return { passedSeconds: passedAt === null ? 0 : Date.parse(passedAt) / 1000, everySeconds };
  };
  return { canary };
}
