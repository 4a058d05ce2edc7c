import { join, resolve } from 'node:path';
import { demonstrationAddress } from '../stores/data-files.ts';
import { isTimeZone } from './organisation-settings.ts';
import { isMapping } from './mappings.ts';
import type { Mapping } from './mappings.ts';

const HOW_TO_CHECK: Readonly<Record<string, string>> = {
  en: 'Ring us on the number on your letter of engagement, and ask whether we have written to you.',
  da: 'Ring til os på nummeret i dit aftalebrev, og spørg, om vi har skrevet til dig.',
};

/**
 * What `npm start` on a fresh clone needs and nobody should have to say; below everything that is written.
 * @param isBeside for a command: a demonstration that runs says where it is
 */
export function demonstrationDefaults(written: Mapping, isBeside = false): Mapping {
  const { dataDir, httpPort = '8080', organisation } = written;
  const directory = typeof dataDir === 'string' ? dataDir : resolve('data', 'demonstration');
  const running = isBeside && written['httpPort'] === undefined ? demonstrationAddress(directory) : null;
  return {
    publicUrl: running ?? `http://localhost:${String(httpPort)}`,
    httpHost: '127.0.0.1',
    httpPort,
    managementPort: 0, // several demonstrations on one machine need no more than a port each
    dataDir: directory,
    keyring: join(directory, 'keyring'),
    logLevel: 'warn',
    organisation: {
      name: 'Nordlys Advokater',
      locales: ['en', 'da'],
      postalAddress: 'Havnegade 1, 1058 København K, Denmark (a demonstration)',
      contactMail: 'post@nordlys.example',
      telephone: '+45 00 00 00 00',
      ...(isSaidIn(organisation) && { howToCheck: HOW_TO_CHECK }),
      logoFile: join(import.meta.dirname, 'demonstration-logo.png'),
      colour: '#1f4e79',
      colourInDark: '#9cc8f0',
      showSenderName: true,
      timeZone: newcomersTimeZone(Intl.DateTimeFormat().resolvedOptions().timeZone),
    },
    passcode: { sender: 'no-reply@nordlys.example' },
  };
}

/**
 * Times as the newcomer's own clock has them; UTC where the machine's zone has no name that can be used, as with TZ=:/etc/localtime or
 * an empty TZ: a first start must not fail for that.
 * @param found what Node makes of it: absent, or `Etc/Unknown`, where it knows none
 */
export function newcomersTimeZone(found: string | undefined): string {
  return found !== undefined && isTimeZone(found) ? found : 'UTC';
}

/** Whether there is a text in each of the languages that were chosen; without a choice there is. */
function isSaidIn(organisation: unknown): boolean {
  const locales = isMapping(organisation) ? organisation['locales'] : undefined;
  return !Array.isArray(locales) || locales.every((locale) => typeof locale === 'string' && locale in HOW_TO_CHECK);
}
