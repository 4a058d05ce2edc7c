import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dist, ensureBuilt } from './running-process.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const RUNBOOK = join(ROOT, 'ops/runbooks/backup-and-restore.md');

/** Whether commands can have an /etc/segl, /srv and /var/lib of their own, which needs root and Linux; and SQLite's own program. */
const canHaveOwnPlaces =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/srv']).status === 0 &&
  spawnSync('sqlite3', ['--version']).status === 0;

/** The blocks of a page that are marked to be run, as they stand there. */
function blocksToRun(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^\x60{3}sh run\n(.*?)^\x60{3}$/gms)].map(([, text]) => text ?? '');
}

const CONFIGURATION = `publicUrl: https://post.example.com
relayUrl: smtp://127.0.0.1:1
organisation: { name: Nordlys, postalAddress: Havnegade 1, contactMail: post@example.com, timeZone: Europe/Copenhagen }
passcode: { sender: no-reply@example.com }
`;

describe('the runbook for backup and restore', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-runbook-'));
    ensureBuilt();
    const main = join(dist, 'apps/operator/main.js');
    await writeFile(join(directory, 'segl'), `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`);
    await chmod(join(directory, 'segl'), 0o755);
    await writeFile(join(directory, 'segl.yaml'), CONFIGURATION);
    await writeFile(join(directory, 'mail'), 'From: <anna@example.com>\nSubject: x\n\nmarker-of-the-body\n');
  }, 300_000);
  afterEach(() => rm(directory, { recursive: true, force: true }));

  (canHaveOwnPlaces ? it : it.skip)(
    'brings an installation back by the commands that stand in it, as they stand there',
    () => {
      const blocks = blocksToRun(RUNBOOK);
      expect(blocks).toHaveLength(6);
      const [key, backup, rehearsal, restore, putInPlace, byHand] = blocks;
      const script = [
        'for place in /etc/segl /srv /var/lib /media; do mkdir -p $place; mount -t tmpfs none $place; done',
        `mkdir /media/safe /srv/backups && cp ${directory}/segl.yaml /etc/segl/ && cd /etc/segl`,
        'segl keys init > /dev/null',
        `SEGL_CONFIG=/etc/segl/segl.yaml segl seal --from anna@example.com --to bo@example.org < ${directory}/mail > /media/carrier.eml`,
        ...[key, backup, rehearsal],
        'rm -r /etc/segl/keyring /var/lib/segl', // the fire
        'install -d -m 0700 /etc/segl/keyring /var/lib/segl', // the new machine, prepared as ops/package says
        ...[restore, putInPlace],
        'segl open /media/carrier.eml | grep marker-of-the-body',
        'segl audit query --type MessageSealed | grep bo@example.org',
        '(umask 077; mkdir -p /var/lib/segl/outbox/queue)',
        byHand,
        'find /srv/copy -printf "%m %y %p\\n"',
        'SEGL_KEYRING=/srv/copy/keyring SEGL_DATA_DIR=/srv/copy segl open /media/carrier.eml | grep marker-of-the-body',
      ].join('\n');
      const said = execFileSync('unshare', ['-m', 'bash', '-euxo', 'pipefail', '-c', script], {
        env: { PATH: `${directory}:${process.env['PATH']}` },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      expect(said).toContain('would be there at /srv/rehearsal');
      expect(said).toContain('restored to /srv/restored');
      const modes = said
        .split('\n')
        .flatMap((line) => /^(\d+) ([fd]) \/srv\/copy/.exec(line)?.slice(1, 3).join(' ') ?? []);
      expect(new Set(modes)).toEqual(new Set(['700 d', '600 f']));
    },
    240_000,
  );
});
