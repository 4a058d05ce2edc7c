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

/** Page → how each of its commands begins that one-archive-for-one-machine.e2e-spec.ts runs as it stands there, where a machine can be had. */
export const RUN_ON_A_MACHINE: Readonly<Record<string, readonly string[]>> = {
  'ops/package/README.md': [
    'useradd',
    'mkdir /opt/segl &&',
    'ln -s',
    'install -d -o segl -g segl -m 0700 /etc/segl/keyring',
    'setpriv ',
    'SEGL_CONFIG=',
    'cp /opt/segl/ops/systemd/segl.service',
    'cp /opt/segl/ops/proxies/Caddyfile',
    'install -d -o segl -g segl -m 0700 /srv/backups',
    'cp /opt/segl/ops/systemd/segl-backup.*',
    'printf ',
    'systemctl start segl-backup.service',
    'mkdir /opt/segl.next',
    'systemctl stop segl',
    'mv /opt/segl',
    'cp /opt/segl/ops/systemd/segl*',
    'systemctl start segl &&',
  ],
  'ops/systemd/README.md': [
    'install -d -o segl -g segl -m 0700 /etc/segl/keyring',
    'cp ops/systemd/segl.service',
    'journalctl',
    'install -d -o segl -g segl -m 0700 /srv',
    'cp ops/systemd/segl-backup',
  ],
};

const BACKUP = 'apps/appliance/test/operator-brings-an-installation-back.e2e-spec.ts runs it';
const SERVERS =
  'names servers, which are none here: apps/operator/there-and-back.int-spec.ts runs it with others, moving-in.spec.ts holds its options';

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
    'npm run image -- --to docker://':
      'there is no registry: image-is-built-and-read-from.e2e-spec.ts builds what it would bring there; run by hand to one on loopback',
    'npm run image -- --to docker-archive': 'the same, and run by hand into a file',
    'docker compose build': 'no engine that composes runs here',
    'docker compose run': 'the same',
  },
  'ops/systemd/README.md': {
    useradd: 'is run as ops/package/README.md has it',
    'cp -a': 'fetches packages from the world; what comes of it is what the archive has, which is run',
    setpriv: 'is run as ops/package/README.md has it, without npx',
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

/** Page → commands in its sentences that commands-as-they-stand.e2e-spec.ts runs, as they stand there. */
export const INLINE_RUN: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['npx segl --help', 'npx segl keys backup-identity backup.key'],
  'ops/runbooks/dns-for-mail.md': ['segl keys rotate bounces'],
  'ops/runbooks/moving-in.md': ['segl audit query --newest-first --limit 1'],
  'ops/runbooks/postgresql.md': ['segl keys rotate person-wrapping --no-rewrap', 'segl keys rewrap'],
  'ops/runbooks/retention.md': [
    'segl retention plan',
    "segl retention apply --yes --reason 'schedule of …'",
    'segl audit query --type ContentRemoved',
    'segl audit verify --log',
    'segl projections rebuild',
    'sqlite3 events.sqlite VACUUM',
  ],
};

const NAMES_IT = 'names the command; where it is to be typed it stands with its arguments';
const ON_THE_SPOT = 'looks at a machine that has the trouble';

/** The others, each with the reason why not. Those of `segl` are held to its commands and options by ops/runbooks/commands-in-pages.spec.ts. */
export const INLINE_NOT_RUN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': {
    'node dist/apps/appliance/main.js': 'is what running-process.ts starts in every story',
    'npm run load': 'ops/k6/journeys.int-spec.ts runs its journeys, where there is a k6',
    'npm run package': 'one-archive-for-one-machine.e2e-spec.ts makes it',
    'npm test': 'is what runs this',
    'npx segl backup': NAMES_IT,
    'npx segl restore': NAMES_IT,
    'segl token': NAMES_IT,
  },
  'helm/segl/README.md': {
    'npm run image': 'image-is-built-and-read-from.e2e-spec.ts builds it on a base that is made here',
    'helm package helm/segl': 'ops/chart/chart.int-spec.ts runs it',
    'helm test': 'needs a cluster whose pods run',
    'npm run image -- --to docker-archive:segl.tar':
      'image-is-built-and-read-from.e2e-spec.ts builds what it would bring there',
    'helm uninstall': 'ops/chart/api-server.int-spec.ts does it',
    'helm upgrade': 'the same',
    'kubectl create secret generic segl-keyring --from-file=keyring': 'needs a cluster',
    'kubectl rollout restart': 'needs a cluster whose pods run',
    'segl backup': NAMES_IT,
    'segl keys backup-identity': NAMES_IT,
    'segl keys init': NAMES_IT,
    'segl keys init --keyring keyring': 'ops/chart/backup-script.int-spec.ts runs it with another directory',
    'segl keys rotate': NAMES_IT,
  },
  'libs/backup/README.md': { 'segl events copy': NAMES_IT, 'segl restore --ledger-key': NAMES_IT },
  'ops/images/README.md': {
    'docker load': 'no engine that runs containers of others is here',
    'docker run --rm -v segl_keyring:/k:ro node:24.21.0-bookworm-slim tar c -C /k . > keyring.tar':
      'no engine that runs containers of others is here',
    'node ops/images/build-image.mjs --make-base': 'image-is-built-and-read-from.e2e-spec.ts runs it',
    'npm run image': 'the same, on a base from a registry',
    'npm test': 'is what runs this',
    'segl keys rotate': NAMES_IT,
  },
  'ops/package/README.md': {
    'npm run package': 'one-archive-for-one-machine.e2e-spec.ts makes it',
    'systemctl stop segl': 'is run from the block above it',
  },
  'ops/runbooks/alerts.md': {
    'kubectl describe pod': ON_THE_SPOT,
    'node --cpu-prof': ON_THE_SPOT,
    'segl audit verify --log --checkpoint': 'apps/operator/ledger-commands.int-spec.ts runs it with a checkpoint',
    'segl backup': NAMES_IT,
    'segl retention apply': NAMES_IT,
    'segl canary run': 'a-canary-mail-is-read.e2e-spec.ts runs it',
    'segl doctor': 'is run as renaming.md has it',
    'segl projections pass-over': NAMES_IT,
    'segl projections rebuild': 'is run as retention.md has it',
    'vmstat 1': ON_THE_SPOT,
  },
  'ops/runbooks/backup-and-restore.md': {
    'age-keygen -pq': 'apps/operator/backup-elsewhere.int-spec.ts runs it, where there is an age 1.3',
    'cp -a': NAMES_IT,
    'segl audit key': NAMES_IT,
    'segl backup': NAMES_IT,
    'segl doctor': 'is run as renaming.md has it',
    'segl erase': NAMES_IT,
    'umask 077': BACKUP,
  },
  'ops/runbooks/dns-for-mail.md': {
    'segl keys destroy dkim-rsa-1':
      'asks first, and nobody is there: apps/operator/keys.int-spec.ts runs such with --yes',
    'segl keys rotate dkim-rsa': 'is run from the block beside it',
  },
  'ops/runbooks/eventstoredb.md': {
    'segl audit verify --log --checkpoint …': 'apps/operator/ledger-commands.int-spec.ts runs it with a checkpoint',
    'segl backup': NAMES_IT,
    'segl doctor': 'is run as renaming.md has it',
    'segl erase': NAMES_IT,
    'segl events copy': NAMES_IT,
  },
  'ops/runbooks/moving-in.md': {
    'rm -f /var/lib/segl/read-models.sqlite* /var/lib/segl/webhooks.sqlite*': SERVERS,
    'segl audit query': NAMES_IT,
    'segl doctor': 'is run from the block beside it',
    'segl events copy': NAMES_IT,
    'segl persons copy': NAMES_IT,
    'systemctl stop segl; pgrep -af apps/appliance/main.js':
      'looks at a machine with a service: the first half is run as ops/package/README.md has it',
  },
  'ops/runbooks/postfix.md': {
    'postqueue -p': 'the-postfix-runbook.e2e-spec.ts holds the queue',
    'segl doctor': 'is run as renaming.md has it',
  },
  'ops/runbooks/postgresql.md': {
    'initdb -k': 'makes a server; libs/keyring’s tests make theirs so',
    'segl backup': NAMES_IT,
    'segl doctor': 'is run as renaming.md has it',
    'segl erase': NAMES_IT,
  },
  'ops/runbooks/redis.md': { 'segl doctor': 'is run as renaming.md has it' },
  'ops/runbooks/retention.md': {
    'rm -f webhooks.sqlite*': SERVERS,
    'segl backup': NAMES_IT,
    'segl doctor': 'is run as renaming.md has it',
    'segl erase': NAMES_IT,
    'segl events copy --from esdb://… --to sqlite:/var/tmp/events.sqlite': SERVERS,
    'segl events copy --from sqlite:/var/tmp/events.sqlite --to esdb://fresh…': SERVERS,
    'segl retention apply --event-store sqlite:/var/tmp/events.sqlite --data-dir /var/tmp/retention …':
      'apps/operator/retention.int-spec.ts runs it on such a copy',
    'segl retention apply': NAMES_IT,
    "segl retention apply --reason '…'": 'asks first, and nobody is there: the next one is run',
  },
  'ops/systemd/README.md': {
    'npm run build': 'comes before every test',
    'systemd-analyze security': 'ops/systemd/segl-service.int-spec.ts runs it',
  },
};
