import { resolve } from 'node:path';
import { z } from 'zod';
import { VOUCHED_FACTS } from '#libs/ephemeral-store';
import { DEFAULT_PRIVACY } from '#libs/telemetry';
import { DEFAULT_PASSCODE_LIMITS } from '#libs/passcode';
import { isProxyRange, PROXY_HEADERS } from '#libs/web-ui';
import { SECOND_PERSON_ACTS } from '#libs/compliance';
import { ROLES } from '../roles.ts';
import { embeddedUrl } from '../stores/data-files.ts';
import { storeUrlFault } from '../stores/store-urls.ts';
import type { StoreFiles, StoreName } from '../stores/store-urls.ts';
import { canarySchema } from './canary-settings.ts';
import { gatewaySchema } from './gateway-settings.ts';
import { organisationSchema } from './organisation-settings.ts';
import { authoritiesFile, mailAddress, yesOrNo } from './setting-kinds.ts';
import { dkimSchema, relaySchema } from './relay-settings.ts';
import { retentionSchema } from './retention-settings.ts';
import { signInSchema } from './sign-in-settings.ts';
import { smtpSchema } from './smtp-settings.ts';

/** Every setting there is. The reference page (ops/configuration.md) is made from this schema by a test. */

const port = z.coerce.number().int().min(0).max(65535);
const positive = z.coerce.number().positive();
/** As a browser writes it into `Host` (RFC 1123 §2.1), or an address. */
const HOST_NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$|^\[[0-9a-f:]+\]$/;
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
  formerHosts: z
    .array(z.string().regex(HOST_NAME, 'is no host name in lower case, without scheme and port'))
    .default([])
    .describe(
      'names that the portal had earlier and that still lead here: attachments that were sealed under them open as ever, readers go on at publicUrl',
    ),
  hstsIncludeSubDomains: yesOrNo
    .default(false)
    .describe('whether browsers shall reach every host below the portal’s by https alone (RFC 6797)'),
  httpHost: z.string().default('0.0.0.0').describe('the address to listen on'),
  httpPort: port.default(8080).describe('the port to listen on'),
  managementHost: z
    .string()
    .default('127.0.0.1')
    .describe('the address of the management port: loopback, or one that those who watch can reach and readers cannot'),
  managementPort: port
    .default(8081)
    .describe('the port for those who watch: `/metrics`, `/readyz`, `/healthz`; 0 for any that is free'),
  drainSeconds: z.coerce
    .number()
    .int()
    .min(0)
    .max(600)
    .default(5)
    .describe(
      'at a stop: seconds that answers under way have, such as one to a large upload on a slow line, before their connections are cut. A supervisor has to leave a process ten seconds more',
    ),
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
      'what this process does: `portal` (readers), `gateway` (mail coming in, the sealing API and the outbox), `console` (read models); all on one machine',
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
      ephemeralVouchedFor: z
        .array(z.enum(VOUCHED_FACTS))
        .optional()
        .describe(
          'what you vouch for of a managed redis:// server that does not let INFO or CONFIG be asked: `redis-7`, `no-replica`, `no-cluster`, `no-append-file`, `no-snapshots`, `no-eviction`. Counts where the server says nothing, never against what it says',
        ),
      personKeysPasswordFile: storeFile('password for postgres://'),
      personKeysCaFile: storeFile('certificate authority (PEM) of the postgres:// server'),
    })
    .prefault({}),
  keyring: z.string().default('/etc/segl/keyring').describe('directory of key files (segl keys init)'),
  relayUrl: z
    .string()
    .optional()
    .describe(
      'next hop for all mail: smtp:// or smtps://, or mx:// for the mail exchangers of a name; several with spaces between are tried in that order',
    ),
  relay: relaySchema,
  dkim: dkimSchema,
  smtp: smtpSchema,
  gateway: gatewaySchema,
  trustedProxies: z
    .array(z.string().refine(isProxyRange, 'is neither an address nor a network such as 10.0.0.0/8'))
    .default([])
    .describe('addresses or CIDR ranges whose X-Forwarded-* headers count; none by default'),
  proxyHeader: z
    .enum(PROXY_HEADERS)
    .default('x-forwarded-for')
    .describe(
      'the one header in which trusted proxies write whom they speak for: `x-forwarded-for`, or `forwarded` (RFC 7239); the other is ignored, since visitors can send it themselves',
    ),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('what is logged'),
  organisation: organisationSchema,
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
      submissionsAtOnce: positive
        .int()
        .max(1000)
        .default(16)
        .describe(
          'mails taken in over the API at the same time, shared out among programs: each always has one, and one alone has half',
        ),
      handOff: z
        .enum(['outbox', 'at-once'])
        .default('outbox')
        .describe(
          'what happens to carriers of the API: outbox, they wait on the disk of this machine until the relay takes them; at-once, a request (for one recipient) is answered once the relay has its carrier, so that gateways on several machines give one answer to one Idempotency-Key and none waits for a machine that is gone',
        ),
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
        .describe('events before sign-in recorded for one message and day; the excess is recorded in one summary'),
      showFiles: yesOrNo
        .default(true)
        .describe('whether images and PDF files can be looked at in the browser; no: they can be saved alone'),
      smimeAuthoritiesFile: authoritiesFile
        .default([])
        .describe(
          'path of a file: certificate authorities (PEM) whose word is taken for who signed a message with S/MIME; default: none, and readers are told that the issuer was not checked. Revocation is not asked for',
        ),
      recordNetworkAddress: yesOrNo.default(true).describe('whether the record holds the reader’s network address'),
    })
    .prefault({}),
  uploads: z
    .object({
      maxBytes: positive
        .int()
        .default(128 * MEBIBYTE)
        .describe(
          'bytes of readers’ uploads on their way in to one process, all together, beside what waits whole (`portal.ephemeralMaxBytes`)',
        ),
      silenceSeconds: z.coerce
        .number()
        .min(1)
        .max(120)
        .default(10)
        .describe(
          'seconds without a byte after which an upload, by a reader or a program, is ended; slower than 64 KB/s counts as silence',
        ),
    })
    .prefault({}),
  signIn: signInSchema,
  console: z
    .object({
      portalUrl: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe(
          'where a console that is a process of its own reaches a portal, to sign its people in; default: publicUrl. http is for a network that is yours alone',
        ),
      sessionIdleSeconds: positive
        .max(1800)
        .default(900)
        .describe('seconds after which an idle session at the console ends; 1800 at most'),
      sessionMaxSeconds: positive
        .max(28800)
        .default(28800)
        .describe('seconds after which a session at the console ends in any case; 28800 at most'),
      secondPerson: z
        .array(z.enum(SECOND_PERSON_ACTS))
        .default([])
        .describe(
          'acts that need a second person: `revoke`, `erase`, `lift-hold`, which one officer asks for at the console and another confirms there; `export`, which an auditor or a program asks for and an officer confirms, for every export of the record but that of one message; and `destroy-key`; at the command line each of them then wants a second name, `--approved-by`, which proves nobody',
        ),
      noticesTo: z
        .array(mailAddress)
        .max(20)
        .default([])
        .describe(
          'officers who are written to when something waits for a second person: which kind of act, until when, and where; never about whom. Not who asked for it',
        ),
    })
    .prefault({}),
  ledger: z
    .object({
      directory: z
        .string()
        .transform((path) => resolve(path))
        .optional()
        .describe(
          'directory in which checkpoints and tiles of the ledger are published; best on a machine that the database’s administrator cannot write to. A start over a log that contradicts it is refused',
        ),
      witnesses: z
        .array(
          z.object({
            url: z.url({ protocol: /^https?$/ }).describe('its submission prefix (C2SP tlog-witness)'),
            monitoringUrl: z
              .url({ protocol: /^https?$/ })
              .optional()
              .describe('its monitoring prefix, where that is another'),
            key: z.string().describe('its public key, `<name>+<id>+<base64>`, of type Ed25519 cosignature'),
            privateAddresses: z
              .array(z.string())
              .default([])
              .describe('addresses or ranges outside the Internet it may have'),
          }),
        )
        .max(8)
        .default([])
        .describe(
          'witnesses that cosign each published checkpoint; needs `ledger.directory`. A start over a log that contradicts what one of them signed is refused',
        ),
      checkpointMail: mailAddress
        .optional()
        .describe(
          'whom the first checkpoint of each day (UTC) is mailed by each console, and at each start the newest of that day; best somebody outside who keeps them. What fails is tried again until one of the next day takes its place',
        ),
      checkpointUrl: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe(
          'where each checkpoint is posted as text, one a minute at most, without following redirects; any 2xx has taken it. What fails is tried again, holds nothing up, and is said in /readyz',
        ),
      checkpointPrivateAddresses: z
        .array(z.string())
        .default([])
        .describe('addresses or ranges outside the Internet that the host of `ledger.checkpointUrl` may have'),
    })
    .prefault({}),
  outbox: z
    .object({
      warnAfterSeconds: positive
        .default(900)
        .describe('seconds that a carrier may wait for the relay before /readyz and `segl doctor` warn'),
    })
    .prefault({}),
  backup: z
    .object({
      warnAfterHours: z.coerce
        .number()
        .min(0)
        .max(24 * 366)
        .default(48)
        .describe(
          'hours after which the newest backup (`segl backup`) is too old for `segl doctor`; 0: backups are made by other means, and nothing is said',
        ),
    })
    .prefault({}),
  retention: retentionSchema,
  canary: canarySchema,
  telemetry: z
    .object({
      epsilon: z
        .number()
        .min(0.1)
        .max(20)
        .default(DEFAULT_PRIVACY.epsilon)
        .describe(
          'what all counts of one period may together tell of one person (differential privacy); smaller is more private and less exact. The privacy page says it',
        ),
      periodDays: z
        .int()
        .min(7)
        .max(366)
        .default(DEFAULT_PRIVACY.periodDays)
        .describe(
          'days that are counted together; what a process has counted of a period is dropped when it stops. No day is told of twice: after a change the first period that counts is the first of the new length that begins when the last written one has ended',
        ),
    })
    .prefault({}),
});

const PLACES = { keyring: true, dataDir: true, eventStore: true, personKeys: true, stores: true } as const;
export const placesSchema = settingsSchema.pick(PLACES);

/** Where things are: all that most commands need of a configuration, so that they work where no whole one is at hand. */
export interface Places {
  readonly keyring: string;
  readonly dataDir: string;
  /** `sqlite:<path>`, `esdb://…` or `esdb+discover://…` */
  readonly eventStore: string;
  /** `sqlite:<path>` or `postgres://…` */
  readonly personKeys: string;
  /** Secrets and certificates of servers, from the file alone. */
  readonly stores: StoreFiles;
  readonly demonstration: boolean;
}

/** As read: after defaults, with paths absolute. */
export type Settings = z.output<typeof settingsSchema> & Places;

/** With paths absolute, and the embedded stores in the data directory where nothing else is written. */
export function placesIn<Given extends z.output<typeof placesSchema>>(given: Given) {
  const dataDir = resolve(given.dataDir);
  return {
    ...given,
    dataDir,
    keyring: resolve(given.keyring),
    eventStore: given.eventStore ?? embeddedUrl('eventStore', dataDir),
    personKeys: given.personKeys ?? embeddedUrl('personKeys', dataDir),
  };
}

export function settingsOf(given: z.output<typeof settingsSchema>, demonstration: boolean): Settings {
  return { ...placesIn(given), demonstration };
}
