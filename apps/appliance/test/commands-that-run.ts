/** Page → how each of its commands begins that commands-as-they-stand.e2e-spec.ts runs, as it stands there. */
export const RUN_AS_THEY_STAND: Readonly<Record<string, readonly string[]>> = {
  'README.md': [
    'npx segl keys init',
    'SEGL_CONFIG=/etc/segl/segl.yaml npx segl serve',
    'openssl genpkey',
    'curl --data-binary',
  ],
  'ops/runbooks/dns-for-mail.md': [
    'segl keys rotate dkim-rsa',
    'segl keys rotate dkim-eddsa',
    'segl dkim record',
    'segl dkim record --json',
  ],
  'ops/runbooks/moving-in.md': ['SEGL_CONFIG=/etc/segl/cluster.yaml segl doctor', 'segl backup /srv/before.age'],
  'ops/runbooks/postfix.md': ['printf %s "$PASSWORD" | argon2'],
  'ops/runbooks/postgresql.md': ['segl keys rotate person-wrapping'],
  'ops/runbooks/renaming.md': ['segl doctor'],
};

const BACKUP = 'apps/appliance/test/operator-brings-an-installation-back.e2e-spec.ts runs it';
const SERVERS =
  'names servers, which are none here: apps/operator/there-and-back.int-spec.ts runs it with others, moving-in.spec.ts holds its options';
const SYSTEM =
  'changes users and services of the machine: one-archive-for-one-machine.e2e-spec.ts and ops/systemd hold what it starts';

/** The others, each with the reason why not, or the test that does. */
export const NOT_RUN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': {
    'npm start': 'is what running-process.ts does, behind a build',
    'npm test': 'is what runs this',
    'npm run build': 'comes before every test',
  },
  'helm/segl/README.md': {
    'helm install': 'needs a cluster: ops/chart/api-server.int-spec.ts has an API server take it',
    'helm test': 'needs a cluster whose pods run',
    'kubectl --namespace': 'needs a cluster whose pods run',
    'SEGL_CONFIG=':
      'names servers, which are none here: apps/operator/backup-elsewhere.int-spec.ts backs up from others',
  },
  'libs/backup/README.md': {
    'age -d': 'apps/operator/backup-elsewhere.int-spec.ts runs it, where there is an age 1.3',
  },
  'ops/images/README.md': {
    'install -d': 'for a Compose that no engine here can start; images.spec.ts holds the file',
    'openssl rand -base64 32 > secrets/ephemeral-password': 'the same',
    'openssl rand -base64 32 > secrets/person-keys-password': 'the same',
    'openssl req': 'the same',
    'docker compose build': 'no engine that composes runs here',
    'docker compose run': 'the same',
  },
  'ops/package/README.md': {
    useradd: SYSTEM,
    'mkdir /opt/segl': SYSTEM,
    'ln -s': SYSTEM,
    'install -d': SYSTEM,
    'setpriv ': SYSTEM,
    'SEGL_CONFIG=': SYSTEM,
    'cp /opt/segl': SYSTEM,
    'mkdir /opt/segl.next': SYSTEM,
    systemctl: SYSTEM,
    'mv /opt/segl': SYSTEM,
  },
  'ops/systemd/README.md': {
    useradd: SYSTEM,
    'cp -a': SYSTEM,
    'install -d -o segl -g segl -m 0700 /etc/segl': SYSTEM,
    setpriv: SYSTEM,
    'cp ops/systemd/segl.service': SYSTEM,
    journalctl: SYSTEM,
    'install -d -o segl -g segl -m 0700 /srv': SYSTEM,
    'cp ops/systemd/segl-backup': SYSTEM,
  },
  'ops/runbooks/backup-and-restore.md': {
    'segl keys backup-identity': BACKUP,
    'SEGL_CONFIG=/etc/segl/segl.yaml segl backup': BACKUP,
    'segl restore /srv/backups/segl-$(date +%F).age --identity /media/safe/segl-backup.key --to /srv/rehearsal': BACKUP,
    'segl restore /srv/backups/segl-$(date +%F).age --identity /media/safe/segl-backup.key --to /srv/restored': BACKUP,
    'mv -T /srv/restored/keyring': BACKUP,
    'mv -T /srv/restored/data': BACKUP,
    'segl events copy': SERVERS,
    'segl persons copy': SERVERS,
    'rm -f /var/lib/segl/read-models': SERVERS,
    umask: BACKUP,
    'mkdir /srv/copy': BACKUP,
    'sqlite3 /var/lib/segl/events.sqlite': BACKUP,
    'sqlite3 /var/lib/segl/persons.sqlite': BACKUP,
    'cp -a': BACKUP,
  },
  'ops/runbooks/dns-for-mail.md': { dig: 'asks the DNS of the world' },
  'ops/runbooks/eventstoredb.md': {
    'esdb() {': 'needs an EventStoreDB that keeps rights: never run as it stands, as the page says itself',
    'esdb -X POST https://events.internal:2113/users': 'the same',
    'esdb -X POST https://events.internal:2113/streams/%24settings': 'the same',
    'esdb -X POST https://events.internal:2113/streams/%24all': 'the same',
  },
  'ops/runbooks/exchange.md': {
    'New-SendConnector': 'needs an Exchange; written from its documentation',
    'Set-SendConnector': 'the same',
    'New-OutboundConnector': 'the same',
    'New-TransportRule': 'the same',
    'New-InboundConnector': 'the same',
  },
  'ops/runbooks/moving-in.md': {
    'segl events copy --from sqlite': SERVERS,
    'segl events copy  --json --from sqlite': SERVERS,
    'segl persons copy --json --from sqlite': SERVERS,
    'segl events copy  --json --from esdb': SERVERS,
    'segl persons copy --json --from postgres': SERVERS,
    'rm -f': SERVERS,
  },
  'ops/runbooks/postgresql.md': {
    'segl keys destroy':
      'asks first, and nobody is there: apps/operator/keys-on-postgres.int-spec.ts runs it with --yes',
  },
};
