import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostfixInstance } from './postfix-instance.ts';
import type { PostfixInstance } from './postfix-instance.ts';

const SENDMAIL = '/usr/sbin/sendmail';

/** The organisation's mail server: what is written on its machine leaves by a gateway, and waits here until one has taken it. */
export interface SendingPostfix extends PostfixInstance {
  /** As a program on that machine sends a mail: `sendmail -f from -- to…`, the mail on standard input. */
  sendmail(from: string, to: readonly string[], mail: string): Promise<void>;
  /** How many mails are still here. */
  waiting(): Promise<number>;
}

/**
 * Postfix with nothing but a way out, as ops/runbooks/postfix.md has it: all mail to the next hop, one of several for each try. It tries
 * again after a second, so that a story need not wait for as long as an organisation would; `.example` is nobody's domain, and no name
 * is looked up.
 *
 * @param main lines of main.cf in place of those that say how a gateway is reached
 * @param gatewayPorts on 127.0.0.1
 * @param connectionsAtOnce to each of them
 */
export async function startSendingPostfix(
  gatewayPorts: readonly number[],
  { connectionsAtOnce = 10, main = [] }: { connectionsAtOnce?: number | undefined; main?: readonly string[] } = {},
): Promise<SendingPostfix> {
  const hops = gatewayPorts.map((port) => `[127.0.0.1]:${port}`);
  const instance = await startPostfixInstance(async () => ({
    main: [
      'myhostname = mx.nordlys.example',
      'mydomain = nordlys.example',
      'disable_dns_lookups = yes',
      `relayhost = ${hops[0] ?? ''}`,
      ...(hops.length > 1 ? [`sender_dependent_relayhost_maps = randmap:{${hops.join(', ')}}`] : []),
      `default_destination_concurrency_limit = ${connectionsAtOnce}`,
      `initial_destination_concurrency = ${connectionsAtOnce}`,
      // One hop that fails is no reason to leave it alone for a while: the story kills it all the time.
      'default_destination_concurrency_failed_cohort_limit = 0',
      'default_destination_concurrency_negative_feedback = 0',
      'minimal_backoff_time = 1s',
      'maximal_backoff_time = 2s',
      'queue_run_delay = 1s',
      'transport_retry_time = 1s',
      'bounce_queue_lifetime = 1h',
      ...(main.length === 0 ? ['smtp_tls_security_level = none'] : main),
    ],
    services: ['smtp unix - - n - - smtp'],
  }));
  const config = join(instance.directory, 'config');
  return {
    ...instance,
    sendmail: (from, to, mail) =>
      new Promise((resolve, reject) => {
        const program = spawn(SENDMAIL, ['-C', config, '-i', '-f', from, '--', ...to], {
          env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', MAIL_CONFIG: config },
          stdio: ['pipe', 'ignore', 'pipe'],
        });
        let words = '';
        program.stderr.on('data', (text: Buffer) => (words += text.toString()));
        program.once('error', reject);
        program.once('exit', (code) =>
          code === 0 ? resolve() : reject(new Error(`sendmail ended with ${code}: ${words}`)),
        );
        program.stdin.end(mail);
      }),
    async waiting() {
      const folders = ['maildrop', 'incoming', 'active', 'deferred'].map((name) =>
        join(instance.directory, 'queue', name),
      );
      const names = await Promise.all(folders.map(filesBelow));
      return names.reduce((sum, count) => sum + count, 0);
    },
  };
}

async function filesBelow(folder: string): Promise<number> {
  if (!existsSync(folder)) return 0;
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries.filter((entry) => entry.isFile()).length;
  } catch {
    return 1; // a folder that went away while it was looked at: there was something
  }
}
