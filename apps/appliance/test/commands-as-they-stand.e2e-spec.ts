import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { INLINE_RUN, RUN_AS_THEY_STAND } from './commands-that-run.ts';
import { blocksIn, commandsIn, inlineCommandsIn, ROOT } from './documented-commands.ts';
import { dist, ensureBuilt } from './running-process.ts';

const PROGRAMS = ['unshare', 'ip', 'curl', 'openssl', 'jq', 'argon2', 'npx', 'sqlite3'];

/** Whether commands can have an /etc/segl, a /srv, names and ports of their own. */
const canHaveOwnMachine =
  spawnSync('unshare', ['-mn', 'mount', '-t', 'tmpfs', 'none', '/srv']).status === 0 &&
  PROGRAMS.every((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0);

/** What the pages leave to the operator, with the lines that they give. */
function configuration(): string {
  const yamlOf = (page: string, words: string) =>
    blocksIn(page).find(({ kind, text }) => kind.startsWith('yaml') && text.includes(words))?.text ?? '';
  const [formerHosts] = /^formerHosts:.*$/m.exec(yamlOf('ops/runbooks/renaming.md', 'formerHosts')) ?? [];
  return [
    'publicUrl: https://post.nordlys.example',
    'relayUrl: smtp://127.0.0.1:1',
    'httpHost: 127.0.0.1',
    'trustedProxies: [127.0.0.1]',
    'organisation: { name: Nordlys, postalAddress: Havnegade 1, contactMail: post@nordlys.example, timeZone: Europe/Copenhagen }',
    'passcode: { sender: no-reply@nordlys.example }',
    formerHosts,
    yamlOf('ops/runbooks/dns-for-mail.md', 'dkim:'),
    yamlOf('README.md', 'clientId: archive'),
  ].join('\n');
}

/** A proxy with TLS for both names, as ops/proxies has real ones. */
const FRONT = `const https = require('node:https'), http = require('node:http'), { readFileSync } = require('node:fs');
https.createServer({ key: readFileSync('/media/tls.key'), cert: readFileSync('/media/tls.pem') }, (request, response) => {
  const { method, url: path, headers } = request;
  const on = http.request({ host: '127.0.0.1', port: 8080, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  request.pipe(on.on('error', () => response.destroy()));
}).listen(443, '127.0.0.1');`;

(canHaveOwnMachine ? describe : describe.skip)('the commands of the README and of the runbooks', () => {
  let directory: string;
  const taken = new Map<string, Set<string>>();
  /** The command that begins so, as it stands there. */
  function command(page: string, start: string): string {
    const all = commandsIn(page).filter((each) => each.startsWith(start));
    taken.set(page, (taken.get(page) ?? new Set()).add(start));
    return all.find((each) => each === start) ?? all[0] ?? `false # no such command: ${start}`;
  }

  const takenInline = new Map<string, string[]>();
  /** A command that stands in a sentence. */
  function inline(page: string, span: string): string {
    takenInline.set(page, [...(takenInline.get(page) ?? []), span]);
    return inlineCommandsIn(page).includes(span) ? span : `false # no such command: ${span}`;
  }

  beforeAll(async () => {
    ensureBuilt();
    directory = await mkdtemp(join(tmpdir(), 'segl-typed-'));
    const clone = join(directory, 'clone');
    await mkdir(clone);
    await symlink(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    await writeFile(join(clone, 'package.json'), '{}');
    await writeFile(
      join(clone, 'mail.eml'),
      'From: office@nordlys.example\r\nSubject: x\r\n\r\nmarker-of-the-body\r\n',
    );
    await writeFile(join(directory, 'segl.yaml'), configuration());
    await writeFile(join(directory, 'hosts'), '127.0.0.1 localhost post.nordlys.example secure.example.com\n');
    await writeFile(join(directory, 'front.cjs'), FRONT);
    await writeFile(
      join(directory, 'segl'),
      `#!/bin/sh\nexec ${process.execPath} ${join(dist, 'apps/operator/main.js')} "$@"\n`,
    );
    await chmod(join(directory, 'segl'), 0o755);
  }, 300_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('do what the pages say, typed as they stand there, on whatever Node the machine has', () => {
    const readme = (start: string) => command('README.md', start);
    const dns = (start: string) => command('ops/runbooks/dns-for-mail.md', start);
    const persons = (span: string) => inline('ops/runbooks/postgresql.md', span);
    const retention = (span: string) => inline('ops/runbooks/retention.md', span);
    const butForTheRelay = '|| [ $? = 69 ]'; // of which there is none
    const script = [
      'ip link set lo up',
      'for place in /etc/segl /srv /var/lib /media; do mkdir -p $place; mount -t tmpfs none $place; done',
      `mount --bind ${directory}/hosts /etc/hosts && cp ${directory}/segl.yaml /etc/segl/ && cd ${directory}/clone`,
      'openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=post.nordlys.example -addext subjectAltName=DNS:post.nordlys.example,DNS:secure.example.com -keyout /media/tls.key -out /media/tls.pem',
      readme('npx segl keys init'),
      `${readme('openssl genpkey')}\ncp archive.pem /etc/segl/`,
      `${readme('SEGL_CONFIG=/etc/segl/segl.yaml npx segl serve')} > /media/log 2>&1 &`,
      `${process.execPath} ${directory}/front.cjs &`,
      'until curl --silent --fail http://127.0.0.1:8081/readyz > /dev/null; do sleep 0.2; done',
      'export CURL_CA_BUNDLE=/media/tls.pem NODE_EXTRA_CA_CERTS=/media/tls.pem SEGL_CONFIG=/etc/segl/segl.yaml',
      readme('curl --data-binary'),
      'echo; segl audit query --type MessageSealed',
      ...[dns('segl keys rotate dkim-rsa'), dns('segl keys rotate dkim-eddsa')],
      ...[dns('segl dkim record'), dns('segl dkim record --json')],
      `PASSWORD=secret; ${command('ops/runbooks/postfix.md', 'printf %s "$PASSWORD" | argon2')}`,
      'segl keys backup-identity /media/key > /etc/segl/backup-recipients',
      command('ops/runbooks/moving-in.md', 'segl backup /srv/before.age'),
      'cp /etc/segl/segl.yaml /etc/segl/cluster.yaml',
      `${command('ops/runbooks/moving-in.md', 'SEGL_CONFIG=/etc/segl/cluster.yaml segl doctor')} ${butForTheRelay}`,
      `${command('ops/runbooks/renaming.md', 'segl doctor')} ${butForTheRelay}`,
      command('ops/runbooks/postgresql.md', 'segl keys rotate person-wrapping'),
      ...[persons('segl keys rotate person-wrapping --no-rewrap'), persons('segl keys rewrap')],
      inline('ops/runbooks/dns-for-mail.md', 'segl keys rotate bounces'),
      `${inline('README.md', 'npx segl --help')} > /dev/null`,
      inline('README.md', 'npx segl keys backup-identity backup.key'),
      inline('ops/runbooks/moving-in.md', 'segl audit query --newest-first --limit 1'),
      retention('segl retention plan'),
      retention("segl retention apply --yes --reason 'schedule of …'"),
      retention('segl audit query --type ContentRemoved'),
      retention('segl audit verify --log'),
      retention('segl projections rebuild'),
      `(cd /var/lib/segl && ${retention('sqlite3 events.sqlite VACUUM')})`,
      'ls -l /srv/before.age; cat /media/log',
    ].join('\n');
    const said = execFileSync(
      'unshare',
      ['-mn', '--pid', '--fork', '--kill-child', '--mount-proc', 'bash', '-euxo', 'pipefail', '-c', script],
      {
        env: { PATH: `${directory}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: directory },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'], // each command as it is run: in what is thrown
      },
    );
    expect(said).toMatch(/"messageId": ?"[a-z2-7]{32}"/);
    expect(said).toContain('anna@example.com');
    expect(said).toMatch(/segl-rsa-\d+\._domainkey\.nordlys\.example/);
    expect(said).toMatch(/v=DKIM1; ?k=ed25519/);
    expect(said).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/m);
    expect(said).toContain('https://post.nordlys.example answers, secure.example.com leads there');
    expect(said).toContain('person-wrapping-3');
    expect(said).toMatch(/segl: starting on Node 2[4-9]\./);
    expect(Object.fromEntries([...taken].map(([page, starts]) => [page, [...starts].toSorted()]))).toEqual(
      Object.fromEntries(Object.entries(RUN_AS_THEY_STAND).map(([page, starts]) => [page, starts.toSorted()])),
    );
    expect(Object.fromEntries(takenInline)).toEqual(INLINE_RUN);
  }, 240_000);
});
