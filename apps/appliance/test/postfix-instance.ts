import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const POSTFIX = '/usr/sbin/postfix';
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** Why no Postfix can be started here, in words for the name of a skipped story; null where one can. */
export function noPostfixBecause(): string | null {
  if (!existsSync(POSTFIX)) return 'there is no Postfix on this machine';
  if (process.getuid?.() !== 0) return 'Postfix can be started by root alone';
  return null;
}

/** Debian's Postfix as an instance of its own: configuration, queue, data and log in one directory. */
export interface PostfixInstance {
  readonly directory: string;
  /** From here on its port is closed. */
  stop(): void;
  start(): void;
  /** What it logged so far: for failures. */
  log(): Promise<string>;
  /** Stops it, and removes everything it wrote. */
  cleanUp(): Promise<void>;
}

export interface PostfixConfiguration {
  /** Lines of main.cf beside those that keep an instance to its own directory. */
  readonly main: readonly string[];
  /** Services that every instance has are not among them. */
  readonly services: readonly string[];
}

/** Starts it. @param configure may write files of its own into the directory */
export async function startPostfixInstance(
  configure: (directory: string) => Promise<PostfixConfiguration>,
): Promise<PostfixInstance> {
  const directory = await mkdtemp(join(tmpdir(), 'segl-postfix-'));
  const config = join(directory, 'config');
  await chmod(directory, 0o755); // its daemons run as a user of their own
  for (const name of ['config', 'queue', 'data']) await mkdir(join(directory, name));
  runOrThrow('chown', ['postfix', join(directory, 'data')]);
  const { main, services } = await configure(directory);
  await writeFile(join(config, 'main.cf'), [...ownMain(directory), ...main, ''].join('\n'));
  await writeFile(join(config, 'master.cf'), [...services, ...SERVICES, ''].join('\n'));

  const run = (command: string) => runOrThrow(POSTFIX, ['-c', config, command]);
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
  return { directory, start, stop, log, cleanUp };
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

function ownMain(directory: string): string[] {
  return [
    'compatibility_level = 3.6',
    `queue_directory = ${directory}/queue`,
    `data_directory = ${directory}/data`,
    `maillog_file = ${directory}/maillog`,
    `maillog_file_prefixes = ${directory}`,
    'mail_owner = postfix',
    'setgid_group = postdrop',
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    // Nobody's domains but those that are named, and no name is ever looked up.
    'mydestination =',
    'mynetworks =',
    'relay_domains =',
    'alias_maps =',
    'local_recipient_maps =',
    'smtpd_peername_lookup = no',
    'smtpd_relay_restrictions = reject_unauth_destination',
    'local_transport = error:5.7.1 nothing leaves this server',
    'message_size_limit = 62914560', // 60 MiB
    'notify_classes =',
    'smtpd_error_sleep_time = 0',
  ];
}

/** Services and how many processes each may have; columns: service type private unpriv chroot wakeup maxproc command. */
const SERVICES = [
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
  'anvil unix - - n - 1 anvil',
  'scache unix - - n - 1 scache',
  'postlog unix-dgram n - n - 1 postlogd',
];

export function runOrThrow(command: string, args: readonly string[]): string {
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
