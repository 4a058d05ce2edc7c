import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './running-process.ts';

const POSTFIX = '/usr/sbin/postfix';
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** Why no Postfix can be started here, in words for the name of a skipped story; null where one can. */
export function noPostfixBecause(): string | null {
  if (!existsSync(POSTFIX)) return 'there is no Postfix on this machine';
  if (process.getuid?.() !== 0) return 'Postfix can be started by root alone';
  return null;
}

/** A mail server of the story's own, which takes mail for the mailboxes it was given and sends nothing anywhere. */
export interface Postfix {
  readonly port: number;
  /** The mails in a mailbox, the oldest first, each whole: as Postfix delivered it, envelope in `Delivered-To` and `Return-Path`. */
  mailsTo(address: string): Promise<Buffer[]>;
  /** From here on its port is closed. */
  stop(): void;
  start(): void;
  /** What it logged so far: for failures. */
  log(): Promise<string>;
  /** Stops it, and removes everything it wrote. */
  cleanUp(): Promise<void>;
}

/**
 * Debian's Postfix as an instance of its own: configuration, queue, data, log and mailboxes in one directory, one port on
 * 127.0.0.1. What it cannot do it has no service for: `smtp`, `relay` and `local` are missing from its master.cf, so
 * that no mail can leave and no command or file of this machine can be reached, whatever an address says.
 *
 * @param addresses the mailboxes; other names of their domains are refused with 550, other domains with 554
 */
export async function startPostfix(addresses: readonly string[]): Promise<Postfix> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'segl-postfix-'));
  const config = join(directory, 'config');
  const mailboxes = join(directory, 'mailboxes');
  await chmod(directory, 0o755); // its daemons run as a user of their own
  for (const name of ['config', 'queue', 'data', 'mailboxes']) await mkdir(join(directory, name));
  const nobody = idOf('-u', 'nobody');
  const group = idOf('-g', 'nobody');
  spawnOrThrow('chown', [`${nobody}:${group}`, mailboxes]);
  spawnOrThrow('chown', ['postfix', join(directory, 'data')]);
  await writeFile(join(config, 'mailboxes'), addresses.map((address) => `${address} ${address}/\n`).join(''));
  await writeFile(join(config, 'main.cf'), mainCf({ directory, addresses, nobody, group }));
  await writeFile(join(config, 'master.cf'), masterCf(port));

  const run = (command: string) => spawnOrThrow(POSTFIX, ['-c', config, command]);
  let isRunning = false;
  const start = () => {
    run('start');
    isRunning = true;
  };
  const stop = () => {
    if (!isRunning) return;
    isRunning = false;
    run('stop');
  };
  const log = () => readFile(join(directory, 'maillog'), 'utf8').catch(() => '');
  const guard = guardOf(config, directory);
  const cleanUp = async () => {
    stop();
    await guard.end();
  };
  try {
    start();
  } catch (error) {
    const words = await log();
    await cleanUp();
    throw new Error(`Postfix did not start:\n${words}`, { cause: error });
  }
  return { port, start, stop, log, cleanUp, mailsTo: (address) => mailsIn(join(mailboxes, address, 'new')) };
}

/**
 * Postfix is a daemon, and would outlive a test that is interrupted: the guard waits for the end of this process, however it ends,
 * and leaves nothing behind.
 */
function guardOf(config: string, directory: string): { end(): Promise<void> } {
  const script = 'cat; "$0" -c "$1" stop; rm -rf "$2"';
  const guard = spawn('/bin/sh', ['-c', script, POSTFIX, config, directory], {
    env: ENVIRONMENT,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // an interrupt at the keyboard is not for it
  });
  const ended = new Promise<void>((resolve) => guard.once('exit', () => resolve()));
  return {
    end() {
      guard.stdin.end();
      return ended;
    },
  };
}

/** Maildir: a mail is moved there whole, so that half of one is never read. */
async function mailsIn(folder: string): Promise<Buffer[]> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  // <seconds>.V<device>I<inode>M<microseconds>.<host>
  const arrival = (name: string) => {
    const [, seconds, microseconds] = /^(\d+)\..*M(\d+)\./.exec(name) ?? [];
    return Number(seconds) * 1_000_000 + Number(microseconds);
  };
  names.sort((one, other) => arrival(one) - arrival(other));
  return Promise.all(names.map((name) => readFile(join(folder, name))));
}

interface Instance {
  readonly directory: string;
  readonly addresses: readonly string[];
  readonly nobody: string;
  readonly group: string;
}

function mainCf({ directory, addresses, nobody, group }: Instance): string {
  const domains = [...new Set(addresses.map((address) => address.slice(address.indexOf('@') + 1)))];
  return [
    'compatibility_level = 3.6',
    `queue_directory = ${directory}/queue`,
    `data_directory = ${directory}/data`,
    `maillog_file = ${directory}/maillog`,
    `maillog_file_prefixes = ${directory}`,
    'mail_owner = postfix',
    'setgid_group = postdrop',
    'myhostname = mail.example.net',
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    // Nobody's domains but those of the mailboxes, and no name is ever looked up.
    'mydestination =',
    'mynetworks =',
    'relay_domains =',
    'alias_maps =',
    'local_recipient_maps =',
    'smtpd_peername_lookup = no',
    'smtpd_relay_restrictions = reject_unauth_destination',
    `virtual_mailbox_domains = ${domains.join(' ')}`,
    `virtual_mailbox_maps = texthash:${directory}/config/mailboxes`,
    `virtual_mailbox_base = ${directory}/mailboxes`,
    'virtual_mailbox_limit = 0',
    `virtual_uid_maps = static:${nobody}`,
    `virtual_gid_maps = static:${group}`,
    'default_transport = error:5.7.1 nothing leaves this server',
    'relay_transport = error:5.7.1 nothing leaves this server',
    'local_transport = error:5.7.1 nothing leaves this server',
    'message_size_limit = 62914560', // 60 MiB
    'notify_classes =',
    'smtpd_error_sleep_time = 0',
    '',
  ].join('\n');
}

/** Services and how many processes each may have; columns: service type private unpriv chroot wakeup maxproc command. */
function masterCf(port: number): string {
  return [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    'pickup unix n - n 60 1 pickup',
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'verify unix - - n - 1 verify',
    'flush unix n - n 1000? 0 flush',
    'proxymap unix - - n - - proxymap',
    'proxywrite unix - - n - 1 proxymap',
    'showq unix n - n - - showq',
    'error unix - - n - - error',
    'retry unix - - n - - error',
    'discard unix - - n - - discard',
    'virtual unix - n n - - virtual',
    'anvil unix - - n - 1 anvil',
    'scache unix - - n - 1 scache',
    'postlog unix-dgram n - n - 1 postlogd',
    '',
  ].join('\n');
}

function idOf(option: '-u' | '-g', user: string): string {
  return spawnOrThrow('id', [option, user]).trim();
}

function spawnOrThrow(command: string, args: readonly string[]): string {
  // Not piped: a daemon that stays would hold the pipe open, and the call would never end.
  const stdio: ['ignore', 'ignore' | 'pipe', 'ignore'] = ['ignore', command === POSTFIX ? 'ignore' : 'pipe', 'ignore'];
  const { status, stdout, error } = spawnSync(command, args, {
    env: ENVIRONMENT,
    encoding: 'utf8',
    stdio,
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`, { cause: error });
  return stdout ?? '';
}
