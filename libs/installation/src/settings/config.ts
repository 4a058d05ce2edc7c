import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { DEFAULT_PASSCODE_LIMITS } from '#libs/passcode';
import { AddressRefused, parseMailAddress, type MailAddress } from '#libs/vocabulary';
import { isProxyRange, LOCALES } from '#libs/web-ui';
import { contradictions } from './contradictions.ts';
import { isMapping, mergeDeep, setPath, withoutUndefined } from './mappings.ts';
import { ROLES } from '../roles.ts';
import { signInSchema } from './sign-in-settings.ts';
import { type StoreName, storeUrlFault } from '../stores/store-urls.ts';
import { LISTS, nameOf, VARIABLES } from './variables.ts';

export { VARIABLES } from './variables.ts';

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

const locale = z.enum(LOCALES);
const perLocale = z.partialRecord(locale, z.string());
const port = z.coerce.number().int().min(0).max(65535);
const yesOrNo = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const positive = z.coerce.number().positive();
const MEBIBYTE = 1024 * 1024;

function storeUrl(name: StoreName) {
  return z.string().superRefine((url, context) => {
    const fault = storeUrlFault(name, url);
    if (fault !== null) context.addIssue(fault);
  });
}

function storeFile(meaning: string) {
  return z
    .string()
    .transform((path) => resolve(path))
    .optional()
    .describe(`path of a file: ${meaning}`);
}

export const settingsSchema = z.object({
  publicUrl: z.url({ protocol: /^https?$/ }).describe('where readers reach the portal; https, or http on loopback'),
  httpHost: z.string().default('0.0.0.0').describe('the address to listen on'),
  httpPort: port.default(8080).describe('the port to listen on'),
  dataDir: z
    .string()
    .default('/var/lib/segl')
    .describe('directory for the embedded stores, the outbox and read models'),
  roles: z
    .array(z.enum(ROLES))
    .min(1, `names no role: ${ROLES.join(', ')}`)
    .refine((roles) => new Set(roles).size === roles.length, 'names a role twice')
    .default([...ROLES])
    .describe(
      'what this process does: `portal` (readers), `gateway` (the sealing API and the outbox), `console` (read models); all on one machine',
    ),
  eventStore: storeUrl('eventStore')
    .optional()
    .describe(
      'sqlite:<path>, for processes of one machine; or esdb://<host>, esdb+discover://<host>; default: events.sqlite in the data directory',
    ),
  ephemeralStore: storeUrl('ephemeralStore')
    .default('memory:')
    .describe(
      'memory:, for one portal process alone (a second one would not know the sessions of the first, and nobody can notice); or redis://<host>, rediss://<host>, for several',
    ),
  personKeys: storeUrl('personKeys')
    .optional()
    .describe(
      'sqlite:<path>, for processes of one machine; or postgres://<user>@<host>/<database>; default: persons.sqlite in the data directory',
    ),
  stores: z
    .object({
      eventStoreCredentialsFile: storeFile('`user:password` for esdb://, on one line, readable by its owner alone'),
      eventStoreCaFile: storeFile('certificate authority (PEM) of the esdb:// servers'),
      ephemeralPasswordFile: storeFile('password for redis:// and rediss://'),
      ephemeralCaFile: storeFile('certificate authority (PEM) of the rediss:// server'),
      personKeysPasswordFile: storeFile('password for postgres://'),
      personKeysCaFile: storeFile('certificate authority (PEM) of the postgres:// server'),
    })
    .prefault({}),
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
        .describe('subject of carriers by language (`en`, `da`, …), in place of our own'),
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
      newEpochAfterSeconds: z.coerce
        .number()
        .min(0)
        .default(300)
        .describe(
          'seconds after which a gateway seals to a new sealing key where it cannot ask the portals (they are other processes, and ephemeralStore is memory:): time for the key to reach them',
        ),
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
  signIn: signInSchema,
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

function sentence(issue: z.core.$ZodIssue, raw: Record<string, unknown>): string {
  const given = issue.path.reduce<unknown>(
    (value, key) => (isMapping(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined),
    raw,
  );
  return given === undefined ? 'is missing' : issue.message.replace(/^Invalid input: /, '');
}
