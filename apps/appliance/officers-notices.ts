import type { Logger } from 'pino';
import type { OfficersNotices } from '#libs/console';
import type { OpenedStores, Settings } from '#libs/installation';
import { ENGLISH } from '#libs/web-ui';

/** In the first of the organisation's languages. Null where nobody is to be written to. */
export function officersNotices(settings: Settings, { relay }: OpenedStores, log: Logger): OfficersNotices | null {
  const { console, passcode, organisation, publicUrl } = settings;
  if (console.noticesTo.length === 0 || relay === null) return null;
  return {
    to: console.noticesTo,
    from: passcode.sender,
    organisation: organisation.name,
    locale: organisation.locales[0] ?? ENGLISH,
    publicUrl: new URL(publicUrl),
    relay,
    // Its words may hold the relay's reply, which may name people.
    onFault: (error) =>
      log.warn(
        { code: (error as { code?: unknown }).code },
        'an officer was not written to; the console shows what waits',
      ),
  };
}
