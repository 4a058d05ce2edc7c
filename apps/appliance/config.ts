import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { SHARE_OF_BYTE_VALUES } from '#libs/ephemeral-store';
import { organisationProfileFaults, parseRelayUrl, RelayUrlRefused } from '#libs/mail';
import { DEFAULT_PASSCODE_LIMITS } from '#libs/passcode';
import { AddressRefused, parseMailAddress, type MailAddress } from '#libs/vocabulary';
import { isProxyRange } from '#libs/web-ui';
import { isMapping, mergeDeep, setPath, withoutUndefined } from './mappings.ts';

/**
 * The only reader of process.env. Settings come from a YAML file (`SEGL_CONFIG`) and from `SEGL_…` variables, which win.
 * Every fault is reported, all at once; nothing starts on a faulty configuration. The reference page
 * (ops/configuration.md) is made from this schema by a test.
 */

const mailAddress = z.string().transform((text, context): MailAddress => {
  try {
    return parseMailAddress(text);
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    context.addIssue(`is not one plain mail address (${error.refusal})`);
    return z.NEVER;
  }
});

const locale = z.enum(['en', 'da']);
const perLocale = z.partialRecord(locale, z.string());
const port = z.coerce.number().int().min(0).max(65535);
const yesOrNo = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const positive = z.coerce.number().positive();
const MEBIBYTE = 1024 * 1024;

/** Whose addresses a sealing client may write as: one address, or every address of a domain, written `@example.com`. */
const senderRule = z.string().regex(/^[^@\s]*@[^@\s]+$/, 'is neither an address nor @domain');

const apiClient = z.object({
  clientId: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is not a name of a–z, 0–9 and hyphens')
    .describe('a name for the program'),
  tokenSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in 64 lower-case hexadecimal digits')
    .describe('SHA-256 of the bearer token, so that the configuration holds no secret: printf %s "$TOKEN" | sha256sum'),
  senders: z.array(senderRule).min(1).describe('whom it may write as: addresses, or whole domains as `@example.com`'),
});

export const settingsSchema = z.object({
  publicUrl: z.url({ protocol: /^https?$/ }).describe('where readers reach the portal; https, or http on loopback'),
  httpHost: z.string().default('0.0.0.0').describe('the address to listen on'),
  httpPort: port.default(8080).describe('the port to listen on'),
  dataDir: z
    .string()
    .default('/var/lib/segl')
    .describe('directory for the embedded stores, the outbox and read models'),
  eventStore: z.string().optional().describe('sqlite:<path>; default: events.sqlite in the data directory'),
  ephemeralStore: z.string().default('memory:').describe('memory:'),
  personKeys: z.string().optional().describe('sqlite:<path>; default: persons.sqlite in the data directory'),
  keyring: z.string().default('/etc/segl/keyring').describe('directory of key files (segl keys init)'),
  relayUrl: z.string().optional().describe('next hop for carriers and code mails: smtp:// or smtps://'),
  trustedProxies: z
    .array(z.string().refine(isProxyRange, 'is neither an address nor a network such as 10.0.0.0/8'))
    .default([])
    .describe('addresses or CIDR ranges whose X-Forwarded-* headers count; none by default'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('what is logged'),
  organisation: z
    .object({
      name: z.string().min(1).max(100).describe('the name readers know'),
      locales: z.array(locale).min(1).default(['en', 'da']).describe('languages of carriers and code mails, in order'),
      postalAddress: z.string().min(1).describe('postal address of who is responsible, for the privacy page'),
      contactMail: mailAddress.describe('mail address of who is responsible, for the privacy page'),
      privacyContact: mailAddress
        .optional()
        .describe('mail address of who answers about privacy; default: the contact address'),
      carrierSubject: perLocale
        .default({})
        .describe('subject of carriers by language (`en`, `da`), in place of our own'),
      carrierText: perLocale.default({}).describe('first paragraph of carriers by language, in place of our own'),
      timeZone: z.string().default('UTC').describe('IANA name of the zone in which times are told'),
    })
    .describe('the organisation that seals'),
  passcode: z
    .object({
      sender: mailAddress.describe('From address of code mails'),
      codesPerHour: positive
        .int()
        .default(DEFAULT_PASSCODE_LIMITS.codesPerHour)
        .describe('codes to one address in an hour'),
      codesPerHourAndNetwork: positive
        .int()
        .default(DEFAULT_PASSCODE_LIMITS.codesPerHourAndNetwork)
        .describe('codes to one address in an hour that one network asks for'),
    })
    .describe('one-time passcodes'),
  sealing: z
    .object({
      lifetimeDays: positive.max(3650).default(90).describe('days until a message expires'),
      maxMailBytes: positive
        .int()
        .max(150 * MEBIBYTE)
        .default(25 * MEBIBYTE)
        .describe('bytes of the largest mail sealed or opened'),
      maxRecipients: positive.int().max(1000).default(100).describe('recipients of one mail'),
      recordSubject: yesOrNo.default(false).describe('whether the record holds the subject, under the recipient’s key'),
      clients: z.array(apiClient).default([]).describe('programs that may seal by the API'),
    })
    .prefault({}),
  portal: z
    .object({
      waitingSeconds: positive
        .max(900)
        .default(900)
        .describe('seconds that ciphertext waits after the last step; 900 at most, as the privacy page promises'),
      ephemeralMaxBytes: positive
        .int()
        .default(512 * MEBIBYTE)
        .describe('bytes that may wait in memory, all readers together'),
      sessionIdleSeconds: positive
        .max(1800)
        .default(1800)
        .describe('seconds after which an idle session ends; 1800 at most'),
      sessionMaxSeconds: positive
        .max(28800)
        .default(28800)
        .describe('seconds after which a session ends in any case; 28800 at most'),
      openingsAtOnce: positive.int().max(64).default(4).describe('messages decrypted at the same time'),
      openingsRecordedPerDay: positive
        .int()
        .default(50)
        .describe('events before sign-in recorded for one message and day; the excess is told in one summary'),
      recordNetworkAddress: yesOrNo.default(true).describe('whether the record holds the reader’s network address'),
    })
    .prefault({}),
  telemetry: z
    .object({ flushSeconds: positive.default(3600).describe('seconds between writings of tallies') })
    .prefault({}),
});

/** As read: after defaults, with paths absolute. */
export type Settings = z.output<typeof settingsSchema> & {
  readonly eventStore: string;
  readonly personKeys: string;
  readonly demonstration: boolean;
};

/** Environment variable → where its value goes. Lists are separated by commas. Everything else is for the YAML file. */
export const VARIABLES: Readonly<Record<string, string>> = {
  SEGL_PUBLIC_URL: 'publicUrl',
  SEGL_HTTP_HOST: 'httpHost',
  SEGL_HTTP_PORT: 'httpPort',
  SEGL_DATA_DIR: 'dataDir',
  SEGL_EVENT_STORE: 'eventStore',
  SEGL_EPHEMERAL_STORE: 'ephemeralStore',
  SEGL_PERSON_KEYS: 'personKeys',
  SEGL_KEYRING: 'keyring',
  SEGL_RELAY_URL: 'relayUrl',
  SEGL_TRUSTED_PROXIES: 'trustedProxies',
  SEGL_LOG_LEVEL: 'logLevel',
  SEGL_ORGANISATION_NAME: 'organisation.name',
  SEGL_ORGANISATION_LOCALES: 'organisation.locales',
  SEGL_ORGANISATION_POSTAL_ADDRESS: 'organisation.postalAddress',
  SEGL_ORGANISATION_CONTACT_MAIL: 'organisation.contactMail',
  SEGL_ORGANISATION_PRIVACY_CONTACT: 'organisation.privacyContact',
  SEGL_PASSCODE_SENDER: 'passcode.sender',
  SEGL_SEALING_LIFETIME_DAYS: 'sealing.lifetimeDays',
  SEGL_SEALING_MAX_MAIL_BYTES: 'sealing.maxMailBytes',
  SEGL_PORTAL_EPHEMERAL_MAX_BYTES: 'portal.ephemeralMaxBytes',
  SEGL_PORTAL_RECORD_NETWORK_ADDRESS: 'portal.recordNetworkAddress',
};
const LISTS = new Set(['trustedProxies', 'organisation.locales']);
/** Read by others than this schema: the file itself, and what tests set. */
const KNOWN_BESIDE = /^SEGL_(CONFIG|TEST_.*|BENCH_.*)$/;

/** sysexits.h EX_CONFIG: what a supervisor must not simply restart. */
export const EXIT_CONFIGURATION = 78;

/** Everything that is wrong with the configuration, one line each, in the operator's words. */
export class ConfigurationFault extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `the configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n  ${faults.join('\n  ')}`,
    );
    this.name = 'ConfigurationFault';
    this.faults = faults;
  }
}

export interface ReadSettingsOptions {
  /** Defaults for a newcomer's machine, loopback only, a relay refused. */
  readonly demonstration?: boolean;
}

/** @throws ConfigurationFault with every fault */
export function readSettings(
  environment: NodeJS.ProcessEnv = process.env,
  options: ReadSettingsOptions = {},
): Settings {
  const demonstration = options.demonstration ?? false;
  const faults: string[] = [];
  const raw = mergeDeep(
    demonstration ? demonstrationDefaults(environment) : {},
    readFile(environment['SEGL_CONFIG'], faults),
  );
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('SEGL_') || value === undefined) continue;
    const path = VARIABLES[name];
    if (path !== undefined) setPath(raw, path, LISTS.has(path) ? splitList(value) : value);
    else if (!KNOWN_BESIDE.test(name)) faults.push(`${name}: no such variable`);
  }
  for (const path of unknownPaths(raw, settingsSchema)) faults.push(`${path}: no such setting`);

  const parsed = settingsSchema.safeParse(raw);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) faults.push(`${nameOf(issue.path.join('.'))}: ${sentence(issue, raw)}`);
    faults.push(...contradictionsBeside(parsed.error.issues, raw, demonstration));
    throw new ConfigurationFault(faults);
  }
  const settings = settingsOf(parsed.data, demonstration);
  faults.push(...contradictions(settings));
  if (faults.length > 0) throw new ConfigurationFault(faults);
  return settings;
}

function settingsOf(given: z.output<typeof settingsSchema>, demonstration: boolean): Settings {
  const dataDir = resolve(given.dataDir);
  return {
    ...given,
    dataDir,
    keyring: resolve(given.keyring),
    eventStore: given.eventStore ?? `sqlite:${resolve(dataDir, 'events.sqlite')}`,
    personKeys: given.personKeys ?? `sqlite:${resolve(dataDir, 'persons.sqlite')}`,
    demonstration,
  };
}

/** What stands for a required setting that is missing or faulty, while the others are checked against each other. */
const STAND_INS = {
  publicUrl: 'https://stand-in.example',
  organisation: { name: 'x', postalAddress: 'x', contactMail: 'x@stand-in.example' },
  passcode: { sender: 'x@stand-in.example' },
};

/** The contradictions among the settings that are well in themselves, so that an operator need not ask twice. */
function contradictionsBeside(
  issues: readonly z.core.$ZodIssue[],
  raw: Record<string, unknown>,
  demonstration: boolean,
): string[] {
  const rest = structuredClone(raw);
  for (const { path } of issues) {
    const end = path.findIndex((step) => typeof step === 'number'); // a fault in a list puts the whole list aside
    setPath(rest, path.slice(0, end < 0 ? undefined : end).join('.'), undefined);
  }
  const parsed = settingsSchema.safeParse(mergeDeep(STAND_INS, withoutUndefined(rest)));
  if (!parsed.success) return [];
  const isOfFaulty = (fault: string) => issues.some(({ path }) => fault.startsWith(`${nameOf(path.join('.'))}: `));
  return contradictions(settingsOf(parsed.data, demonstration)).filter((fault) => !isOfFaulty(fault));
}

/** The path behind `sqlite:`; whoever calls has a checked configuration. */
export function sqlitePath(url: string): string {
  return resolve(url.slice('sqlite:'.length));
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function contradictions(settings: Settings): string[] {
  const faults: string[] = [];
  const publicUrl = new URL(settings.publicUrl);
  if (publicUrl.protocol === 'http:' && !isLoopback(publicUrl.hostname)) {
    faults.push(`${nameOf('publicUrl')}: must be https:// (http:// is for loopback only)`);
  }
  if (publicUrl.pathname !== '/' || publicUrl.search !== '' || publicUrl.hash !== '' || publicUrl.username !== '') {
    faults.push(`${nameOf('publicUrl')}: must be scheme, host and port alone, without a path`);
  }
  for (const name of ['eventStore', 'personKeys'] as const) {
    if (!/^sqlite:.+/.test(settings[name])) {
      faults.push(`${nameOf(name)}: this build takes sqlite:<path> only, not ${settings[name].split(':')[0] ?? ''}:…`);
    }
  }
  if (settings.ephemeralStore !== 'memory:') faults.push(`${nameOf('ephemeralStore')}: this build takes memory: only`);
  if (settings.demonstration) {
    if (settings.relayUrl !== undefined)
      faults.push(`${nameOf('relayUrl')}: a demonstration sends no mail; leave it out`);
    if (!isLoopback(settings.httpHost)) faults.push(`${nameOf('httpHost')}: a demonstration listens on loopback only`);
    if (!isLoopback(publicUrl.hostname)) faults.push(`${nameOf('publicUrl')}: a demonstration is on loopback only`);
  } else if (settings.relayUrl === undefined) {
    faults.push(
      `${nameOf('relayUrl')}: is missing; carriers and codes need a next hop, such as smtp://mail.example.com:25`,
    );
  } else if (!/^smtps?:\/\/[^/]/.test(settings.relayUrl) || !URL.canParse(settings.relayUrl)) {
    faults.push(`${nameOf('relayUrl')}: is neither smtp://host[:port] nor smtps://host[:port]`);
  } else {
    faults.push(...relayFaults(settings.relayUrl));
  }
  const { maxMailBytes } = settings.sealing;
  if (settings.portal.ephemeralMaxBytes * SHARE_OF_BYTE_VALUES < maxMailBytes * 1.01 + 64 * 1024) {
    faults.push(
      `${nameOf('portal.ephemeralMaxBytes')}: must hold at least one mail of the largest size (${maxMailBytes} bytes) and its sign-in`,
    );
  }
  faults.push(...organisationProfileFaults(settings.organisation));
  const clientIds = settings.sealing.clients.map(({ clientId }) => clientId);
  for (const twice of new Set(clientIds.filter((id, index) => clientIds.indexOf(id) !== index))) {
    faults.push(`sealing.clients: ${twice} stands twice`);
  }
  return faults;
}

function relayFaults(relayUrl: string): string[] {
  try {
    parseRelayUrl(relayUrl);
    return [];
  } catch (error) {
    if (!(error instanceof RelayUrlRefused)) throw error;
    return [`${nameOf('relayUrl')}: ${error.message}`];
  }
}

/** What `npm start` on a fresh clone needs and nobody should have to say. */
function demonstrationDefaults(environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const directory = environment['SEGL_DATA_DIR'] ?? resolve('data', 'demonstration');
  const httpPort = environment['SEGL_HTTP_PORT'] ?? '8080';
  return {
    publicUrl: `http://localhost:${httpPort}`,
    httpHost: '127.0.0.1',
    httpPort,
    dataDir: directory,
    keyring: resolve(directory, 'keyring'),
    logLevel: 'warn',
    organisation: {
      name: 'Nordlys Advokater',
      locales: ['en', 'da'],
      postalAddress: 'Havnegade 1, 1058 København K, Denmark (a demonstration)',
      contactMail: 'post@nordlys.example',
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone, // times as the newcomer's own clock tells them
    },
    passcode: { sender: 'no-reply@nordlys.example' },
  };
}

function readFile(path: string | undefined, faults: string[]): Record<string, unknown> {
  if (path === undefined || path === '') return {};
  try {
    const parsed: unknown = parseYaml(readFileSync(path, 'utf8')) ?? {};
    if (typeof parsed === 'object' && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
    faults.push(`SEGL_CONFIG: ${path} is not a YAML mapping`);
  } catch (error) {
    faults.push(
      `SEGL_CONFIG: ${path} cannot be read: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
    );
  }
  return {};
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A misspelt setting would otherwise be ignored in silence. */
function unknownPaths(raw: unknown, schema: z.ZodType, prefix = ''): string[] {
  let inner: z.ZodType = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
  }
  if (inner instanceof z.ZodArray && Array.isArray(raw)) {
    return raw.flatMap((item, index) => unknownPaths(item, inner.element as z.ZodType, `${prefix}${index}.`));
  }
  if (!(inner instanceof z.ZodObject) || !isMapping(raw)) return [];
  const shape = inner.shape as Record<string, z.ZodType>;
  return Object.entries(raw).flatMap(([name, value]) => {
    const known = shape[name];
    return known ? unknownPaths(value, known, `${prefix}${name}.`) : [`${prefix}${name}`];
  });
}

/** Both names, where there are two: operators search for the one they wrote. */
function nameOf(path: string): string {
  const variable = Object.keys(VARIABLES).find((name) => `${path}.`.startsWith(`${VARIABLES[name]}.`));
  return variable === undefined ? path : `${variable} (${path})`;
}

function sentence(issue: z.core.$ZodIssue, raw: Record<string, unknown>): string {
  const given = issue.path.reduce<unknown>(
    (value, key) => (isMapping(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined),
    raw,
  );
  return given === undefined ? 'is missing' : issue.message.replace(/^Invalid input: /, '');
}
