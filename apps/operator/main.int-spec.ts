import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

const LOADER = join(import.meta.dirname, '../../ops/source-loader.mjs');
const MAIN = join(import.meta.dirname, 'main.ts');
/** Tells on stderr, at the end, the most memory that the process ever had, in KiB. */
const MEMORY = `data:text/javascript,process.on('exit',()=>process.stderr.write('maxRSS='+process.resourceUsage().maxRSS))`;

/** Tells on stderr what the list of processes shows when the program itself begins to be loaded. */
const LISTED_AT_LOADING = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync, writeSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      if (url.endsWith('/run.ts')) writeSync(2, 'listed: ' + readFileSync('/proc/self/cmdline', 'latin1') + '\\n');
      return next(url, context);
    },
  });`)}`;

describe('segl as a process', () => {
  let home: Installation;
  beforeEach(async () => {
    home = await temporaryInstallation();
  });
  afterEach(() => home.remove());

  const segl = (...argv: string[]) => seglWith([], ...argv);

  function seglWith(nodeOptions: readonly string[], ...argv: string[]) {
    const env = {
      PATH: process.env['PATH'],
      ...home.environment,
      SEGL_SEALING_MAX_MAIL_BYTES: String(150 * 1024 * 1024),
      SEGL_UPLOADS_MAX_BYTES: String(160 * 1024 * 1024), // a portal must take in what is sealed
    };
    const child = spawn(process.execPath, ['--import', LOADER, '--import', MEMORY, ...nodeOptions, MAIN, ...argv], {
      env,
      stdio: 'pipe',
    });
    const said: Buffer[] = [];
    child.stderr.on('data', (piece: Buffer) => said.push(piece));
    child.stdin.on('error', () => undefined); // it may end before it has read everything
    const exit = once(child, 'close').then(([code]) => ({
      code: code as number,
      said: Buffer.concat(said).toString('utf8'),
    }));
    return { child, exit };
  }

  async function bytesOf(stream: Readable): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece as Buffer);
    return Buffer.concat(pieces);
  }

  const SEAL = ['seal', '--from', 'anna@example.com', '--to', 'bo@example.org'];

  it('seals and opens through pipes, byte for byte', async () => {
    const mail = Buffer.from('From: anna@example.com\nSubject: x\n\n\x00\xff body', 'latin1');
    const seal = segl(...SEAL);
    seal.child.stdin.end(mail);
    const open = segl('open', '-');
    seal.child.stdout.pipe(open.child.stdin);
    const opened = await bytesOf(open.child.stdout);
    expect((await seal.exit).code).toBe(0);
    expect((await open.exit).code).toBe(0);
    expect(opened.equals(mail)).toBe(true);
  }, 60_000);

  const whereLimitsAre = existsSync('/usr/bin/prlimit') ? it : it.skip;
  whereLimitsAre(
    'leaves no core, which would hold its keys (skipped without util-linux)',
    async () => {
      const seal = segl(...SEAL);
      seal.child.stdin.write('From: anna@example.com\n\n');
      seal.child.stdin.write(Buffer.alloc(1024 * 1024, 'x\n'));
      await once(seal.child.stdout, 'data'); // it has its keys by now, and waits for more of the mail
      expect(readFileSync(`/proc/${seal.child.pid}/limits`, 'utf8')).toMatch(/^Max core file size +1 /m);
      seal.child.stdout.resume();
      seal.child.stdin.end();
      expect(await seal.exit).toMatchObject({ code: 0 });
    },
    60_000,
  );

  it('needs no more memory for a mail of 140 MB than for one of 50 MB', async () => {
    const piece = Buffer.alloc(64 * 1024, 'All work and no play\r\n');
    const maxKibOf = async (pieces: number) => {
      const seal = segl(...SEAL);
      Readable.from(Array.from({ length: pieces }, () => piece)).pipe(seal.child.stdin);
      let bytes = 0;
      for await (const out of seal.child.stdout) bytes += (out as Buffer).length;
      const { code, said } = await seal.exit;
      expect([code, bytes > (pieces * piece.length * 4) / 3]).toEqual([0, true]);
      return Number(/maxRSS=(\d+)/.exec(said)?.[1]);
    };
    // Garbage between collections is as much for both; the mail itself would be 90 MB more, and its carrier 120.
    const [small, large] = [await maxKibOf(800), await maxKibOf(2240)];
    expect((large - small) / 1024).toBeLessThan(64);
  }, 120_000);

  it('takes what stands on its command line out of the list of processes before it loads itself', async () => {
    const { child, exit } = seglWith(['--import', LISTED_AT_LOADING], ...SEAL);
    child.stdin.end('From: anna@example.com\nSubject: x\n\nx');
    await bytesOf(child.stdout);
    const { code, said } = await exit;
    expect([code, /listed: (.*?)\0*$/m.exec(said)?.[1]]).toEqual([0, 'segl']);
  }, 60_000);

  it('says one line and no stack when it is refused, whatever the output was', async () => {
    const { child, exit } = segl('open', '/no/such/file');
    const output = await bytesOf(child.stdout);
    const { code, said } = await exit;
    expect([code, output.length, said.replace(/maxRSS.*/, '')]).toEqual([
      69,
      0,
      'segl: /no/such/file cannot be read: ENOENT\n',
    ]);
  }, 60_000);

  it('ends when nobody reads its output any more, not with success', async () => {
    const { child, exit } = segl(...SEAL);
    const mail = Readable.from(Array.from({ length: 200 }, () => Buffer.alloc(64 * 1024, 'x')));
    mail.pipe(child.stdin);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const { code, said } = await exit;
    expect(code).toBe(1);
    expect(said).not.toMatch(/Error|\n {4}at /);
  }, 60_000);
});
