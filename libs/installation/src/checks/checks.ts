import { join } from 'node:path';
import { LedgerContradicted } from '#libs/audit';
import { oldestInOutbox } from '#libs/mail';
import { troublesOf } from '#libs/oidc-bridge';
import { DomainError, SystemClock } from '#libs/vocabulary';
import { hasRole, isShared, partsOf, ROLES } from '../roles.ts';
import type { Settings } from '../settings/settings.ts';
import { signInParts } from '../sign-in/sign-in-parts.ts';
import { DATA_FILES } from '../stores/data-files.ts';
import { checkDataDirectory, needsDataDirectory } from '../stores/data-directory.ts';
import { isEmbedded } from '../stores/store-urls.ts';
import type { Asker, Check } from './check.ts';
import { backupSentence } from './newest-backup.ts';
import { personDifferences } from './compare-persons.ts';
import { CHECKS_AROUND_IT } from './around-it.ts';
import { CHECK_OF_CANARY } from './canary-read.ts';
import { tryRelay } from './try-relay.ts';
import { CHECK_OF_CHECKPOINT } from './newest-checkpoint.ts';
import { CHECKS_OF_MAIL_COMING_IN } from './mail-coming-in.ts';
import { CHECK_OF_POLICY } from './policy-in-force.ts';
import { ProvidersInTrouble } from './providers-in-trouble.ts';
import { CHECK_OF_LAG } from './read-models-behind.ts';
import { CHECKS_OF_RETENTION } from './retention.ts';
import { CHECK_OF_WEBHOOKS } from './webhooks.ts';

const always = () => true;
const never = () => false;
const NOT_YET = 'none yet: the first start makes it';

/** The record and the person directory do not belong to the same moment. */
class RecordAndPersonsDiffer extends DomainError {
  constructor(readonly faults: readonly string[]) {
    super('record-and-persons-differ', faults.join('; '));
  }
}

/** Everything that is looked at, by whoever looks (check.ts), in the order in which it is said. */
export const CHECKS: readonly Check[] = [
  {
    part: 'data directory',
    looksAt:
      'that it can be written, or made; that it is not of a demonstration where this is none, nor the other way round',
    failsWhen: 'it cannot be used by this user, or holds data of the other kind',
    whatToDo: 'run this as the user that Segl runs as; give that user the directory, or name another as SEGL_DATA_DIR',
    askers: ['doctor'],
    concerns: needsDataDirectory,
    isTold: never,
    run: async ({ settings }) => checkDataDirectory(settings.dataDir, settings),
  },
  {
    part: 'keyring',
    looksAt: 'every key that the roles of this process use: there, in order, readable by its owner alone',
    failsWhen: 'a file is missing, broken, of a demonstration, or readable by others',
    whatToDo:
      'put the missing files back from a backup, or make a new keyring with "segl keys init" if nothing was sealed yet',
    askers: ['readiness', 'doctor'],
    concerns: always,
    isTold: never,
    async run(parts) {
      const { settings } = parts;
      const opened = await parts.keyring();
      if (hasRole(settings, 'portal')) void [opened.cookieKeys(), opened.sealingRecipient()];
      if (hasRole(settings, 'gateway')) void [opened.sealingRecipient(), opened.manifestSigner()];
      if (hasRole(settings, 'console')) void [opened.ledgerSigner(), opened.cookieKeys()];
      return opened.directory;
    },
  },
  {
    part: 'event store',
    looksAt: 'whether an event would be taken now; writes none',
    failsWhen: 'the disk is full or read-only, the server is away or refuses us',
    whatToDo: 'mend the disk or the server; nothing is shown and nothing sealed until then, and Segl goes on by itself',
    askers: ['readiness', 'doctor'],
    concerns: always,
    isTold: always,
    async run(parts) {
      const store = await parts.eventStore();
      await store?.checkWritable();
      return store === null ? NOT_YET : 'takes events';
    },
  },
  {
    part: 'person directory',
    looksAt: 'whether a person would be taken now; makes none',
    failsWhen: 'the disk is full or read-only, the server is away, read-only or refuses us',
    whatToDo: 'mend the disk or the server (ops/runbooks/postgresql.md); nothing needs a restart',
    askers: ['readiness', 'doctor'],
    concerns: (settings) => partsOf(settings).has('personDirectory'),
    isTold: (settings) => !isEmbedded('personKeys', settings.personKeys),
    async run(parts) {
      const directory = await parts.persons();
      await directory?.checkWritable();
      return directory === null ? NOT_YET : 'takes persons';
    },
  },
  {
    part: 'ephemeral store',
    looksAt: 'whether a record would be taken now, and that the server keeps nothing on a disk',
    failsWhen: 'the server is away, full, or not safe to use',
    whatToDo: 'mend the server (ops/runbooks/redis.md); nothing needs a restart',
    askers: ['readiness', 'doctor'],
    // A gateway goes on sealing without it: only which epochs the portals hold is not known meanwhile.
    concerns: (settings, asker) =>
      partsOf(settings).has('ephemeralStore') &&
      (asker === 'readiness' ? hasRole(settings, 'portal') : isShared(settings.ephemeralStore)),
    isTold: always,
    async run(parts) {
      await (await parts.ephemeralStore()).checkWritable();
      const vouchedFor = parts.settings.stores.ephemeralVouchedFor ?? [];
      const trust = vouchedFor.length === 0 ? '' : `; you vouch for: ${vouchedFor.join(', ')}`;
      return `keeps what expires, and nothing else${trust}`;
    },
  },
  {
    part: 'outbox',
    looksAt: 'whether a carrier would be taken now',
    failsWhen: 'its directory cannot be written',
    whatToDo: 'make room, or give the directory back to the user that Segl runs as',
    askers: ['readiness'],
    ofRole: 'gateway',
    concerns: (settings) => partsOf(settings).has('outbox'),
    isTold: never,
    async run(parts) {
      await (await parts.outbox()).checkWritable();
      return 'takes carriers';
    },
  },
  {
    part: 'waiting carriers',
    looksAt: 'how long the oldest carrier has waited for the relay',
    failsWhen: 'that is longer than `outbox.warnAfterSeconds`',
    whatToDo:
      'look at the log for what the relay answers ("a carrier was tried"); mend the relay or the network between: the carriers leave by themselves',
    askers: ['readiness', 'doctor'],
    onlyWarns: true,
    concerns: (settings) => partsOf(settings).has('outbox'),
    isTold: always,
    async run({ settings }) {
      const oldestSeconds = await oldestInOutbox(join(settings.dataDir, DATA_FILES.outbox), new SystemClock());
      if (oldestSeconds <= settings.outbox.warnAfterSeconds) return 'none is late';
      throw new Error(`the oldest has waited for the relay for ${Math.round(oldestSeconds / 60)} minutes`);
    },
  },
  {
    part: 'read models',
    looksAt: 'that every projection follows the record',
    failsWhen: 'one cannot be written, or meets an event that it cannot take in',
    whatToDo: 'make room where the data directory is; if that is not it, "segl projections rebuild" fills them anew',
    askers: ['readiness', 'doctor'],
    ofRole: 'console',
    concerns: (settings) => partsOf(settings).has('readModels'),
    isTold: never,
    async run(parts) {
      const runner = await parts.projections();
      const stuck = runner?.status().find(({ lastError }) => lastError !== null);
      if (stuck !== undefined) throw new Error(`${stuck.name} cannot follow the record: ${stuck.lastError ?? ''}`);
      return runner === null ? NOT_YET : 'caught up with the record';
    },
  },
  CHECK_OF_LAG,
  {
    part: 'persons of the record',
    looksAt: 'that the person directory has whom the record names, and nobody whose erasure it holds',
    failsWhen: 'an older directory was restored, or keys of persons were lost',
    whatToDo:
      'erased and there: start Segl, which erases again before it serves; named and not there: restore the newest directory, or say that they are gone with "segl erase --person-id"',
    askers: ['doctor'],
    concerns: (settings) => partsOf(settings).has('readModels') && partsOf(settings).has('personDirectory'),
    isTold: never,
    async run(parts) {
      const orNull = <Part>(part: Promise<Part>) => part.catch(() => null); // its fault is said by a check of its own
      const store = await orNull(parts.eventStore());
      const persons = await orNull(parts.persons());
      const trail = await orNull(parts.trail());
      if (store === null || persons === null || trail === null) return 'not compared: one of the two is not there';
      const differences = await personDifferences(store, persons, trail);
      if (differences.length > 0) throw new RecordAndPersonsDiffer(differences);
      return 'the same in both';
    },
  },
  {
    part: 'ledger',
    looksAt: 'that the log holds what was signed of it',
    failsWhen: 'it contradicts its last checkpoint: nothing is shown over a record that was changed or set back',
    whatToDo:
      'restore the log from a backup that holds the last checkpoint, or find out who changed it ("segl audit verify")',
    askers: ['readiness'],
    concerns: (settings) => partsOf(settings).has('readModels'),
    isTold: never,
    async run(parts) {
      const { lastFault } = await parts.ledger();
      if (lastFault instanceof LedgerContradicted) throw lastFault;
      return 'not contradicted';
    },
  },
  {
    part: 'checkpoints',
    looksAt: 'that the last checkpoint that was due could be signed, recorded and published',
    failsWhen: 'the directory cannot be written, or the key is gone',
    whatToDo: 'mend the directory or the keyring; nothing needs a restart',
    askers: ['readiness'],
    ofRole: 'console',
    concerns: (settings) => partsOf(settings).has('readModels'),
    isTold: never,
    async run(parts) {
      const { lastFault } = await parts.ledger();
      if (lastFault !== null && !(lastFault instanceof LedgerContradicted)) throw lastFault;
      return 'signed and published';
    },
  },
  {
    part: 'witnesses',
    looksAt: 'that each witness of the ledger signed when it was last asked',
    failsWhen:
      'one cannot be asked, does not know this log or its key, or finds that it contradicts what it has signed',
    whatToDo:
      'ask whoever runs it; where it says 422, compare its last checkpoint with the log ("segl audit verify --log --checkpoint")',
    askers: ['readiness'],
    onlyWarns: true,
    concerns: (settings) => partsOf(settings).has('readModels') && settings.ledger.witnesses.length > 0,
    isTold: always,
    async run(parts) {
      const [fault] = (await parts.ledger()).witnessFaults;
      if (fault !== undefined) throw fault;
      return 'all signed';
    },
  },
  {
    part: 'record',
    looksAt: 'that events are what they were when they were read, a little at a time, each about once a day',
    failsWhen: 'one was changed in the database, or by the disk',
    whatToDo:
      'find out who changed it: "segl audit verify --log" names every one, and a backup of before holds what it was; reading mail goes on',
    askers: ['readiness'],
    onlyWarns: true,
    concerns: (settings) => partsOf(settings).has('readModels'),
    isTold: always,
    async run(parts) {
      const { recordFault } = await parts.ledger();
      if (recordFault !== null) throw recordFault;
      return 'none was found changed';
    },
  },
  {
    part: 'checkpoint-copies',
    looksAt: 'that the last checkpoint could be mailed and posted where that is configured',
    failsWhen: 'the relay or the server of `ledger.checkpointMail` or `ledger.checkpointUrl` did not take it',
    whatToDo: 'see what the log says of it; it is tried again, within an hour at the latest',
    askers: ['readiness'],
    onlyWarns: true,
    concerns: (settings) =>
      partsOf(settings).has('readModels') &&
      (settings.ledger.checkpointMail !== undefined || settings.ledger.checkpointUrl !== undefined),
    isTold: always,
    async run(parts) {
      const [fault] = (await parts.ledger()).copyFaults;
      if (fault !== undefined) throw fault;
      return 'none failed';
    },
  },
  {
    part: 'backup',
    looksAt: 'when the newest backup was made, as the record has it; where there is none, how old the record is',
    failsWhen: 'that is longer ago than `backup.warnAfterHours`',
    whatToDo:
      'make one ("segl backup"), and see why none was made (ops/runbooks/backup-and-restore.md); where they are made by other means, set backup.warnAfterHours to 0',
    askers: ['doctor'],
    concerns: (settings) =>
      !settings.demonstration && settings.backup.warnAfterHours > 0 && partsOf(settings).has('readModels'),
    isTold: never,
    async run(parts) {
      const store = await parts.eventStore().catch(() => null); // its fault is said by a check of its own
      if (store === null) return 'there is no record yet';
      return backupSentence(store, new SystemClock().now(), parts.settings.backup.warnAfterHours);
    },
  },
  {
    part: 'sign-in',
    looksAt: 'every file that the sign-in settings name, and that each provider can be as it is described',
    failsWhen: 'a secret, key or certificate is missing, empty or of another kind',
    whatToDo: 'mend the file or the setting that is named',
    askers: ['doctor'],
    concerns: (settings) => hasRole(settings, 'portal'),
    isTold: never,
    async run({ settings }) {
      const { bridge } = signInParts(settings, new SystemClock());
      const providers = bridge.upstreams.map(({ name }) => name);
      return `by passcode${providers.map((name) => `, ${name}`).join('')}; ${bridge.clients.length} clients`;
    },
  },
  {
    part: 'account providers',
    looksAt:
      'that each provider of accounts says who it is and publishes its keys, and that it took us at the last sign-in',
    failsWhen:
      'nobody listens, TLS fails, its metadata are of another issuer or name a host that is not listed, it refuses us',
    whatToDo: 'mend what is named, there or under signIn; readers prove their address by the other ways meanwhile',
    askers: ['readiness', 'doctor'],
    onlyWarns: true,
    concerns: ({ signIn }) =>
      signIn.otherIssuer !== undefined ||
      [signIn.microsoft, signIn.google, signIn.organisation].some((configured) => configured.length > 0),
    isTold: always,
    async run(parts) {
      const providers = await parts.providers();
      const troubles = troublesOf(providers);
      if (troubles.length > 0) throw new ProvidersInTrouble(troubles);
      return providers.map(({ name }) => name).join(', ');
    },
  },
  {
    part: 'relay',
    looksAt: 'that a next hop takes us: EHLO, verified TLS, login where there are credentials; begins no mail',
    failsWhen: 'none can be reached, or none is a mail server that takes us so',
    whatToDo: 'mend the relay, the network between, or SEGL_RELAY_URL; carriers wait in the outbox meanwhile',
    askers: ['doctor'],
    standsOn: ['publicUrl'], // whose host we say that we are
    concerns: (settings) =>
      partsOf(settings).has('relay') && (settings.demonstration || settings.relayUrl !== undefined),
    isTold: never,
    async run({ settings }) {
      if (settings.demonstration) return 'none: a demonstration sends nothing';
      return tryRelay(settings);
    },
  },
  ...CHECKS_OF_MAIL_COMING_IN,
  CHECK_OF_POLICY,
  CHECK_OF_WEBHOOKS,
  CHECK_OF_CANARY,
  CHECK_OF_CHECKPOINT,
  ...CHECKS_OF_RETENTION,
  ...CHECKS_AROUND_IT,
];

/** Whether what is not well there leaves a process with these settings ready: it only warns, or holds up a role that is not the foremost here. */
export function leavesReady({ onlyWarns, ofRole }: Check, settings: Settings): boolean {
  return onlyWarns === true || (ofRole !== undefined && ROLES.find((role) => hasRole(settings, role)) !== ofRole);
}

/** What `asker` looks at with these settings. */
export function checksFor(asker: Asker, settings: Settings): readonly Check[] {
  return CHECKS.filter(({ askers, concerns }) => askers.includes(asker) && concerns(settings, asker));
}
