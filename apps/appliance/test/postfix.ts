import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '#libs/vocabulary/testing';
import { runOrThrow, startPostfixInstance } from './postfix-instance.ts';
import type { PostfixConfiguration, PostfixInstance } from './postfix-instance.ts';

/** A mail server of the story's own, which takes mail for the mailboxes it was given and sends nothing anywhere. */
export interface Postfix extends PostfixInstance {
  readonly port: number;
  /** The mails in a mailbox, the oldest first, each whole: as Postfix delivered it, envelope in `Delivered-To` and `Return-Path`. */
  mailsTo(address: string): Promise<Buffer[]>;
}

/**
 * One port on 127.0.0.1. What it cannot do it has no service for: `smtp`, `relay` and `local` are missing from its master.cf, so
 * that no mail can leave and no command or file of this machine can be reached, whatever an address says.
 *
 * @param more lines of its configuration beside these
 * @param addresses the mailboxes; other names of their domains are refused with 550, other domains with 554
 */
export async function startPostfix(
  addresses: readonly string[],
  { main = [], services = [] }: Partial<PostfixConfiguration> = {},
): Promise<Postfix> {
  const port = await freePort();
  const instance = await startPostfixInstance(async (directory) => {
    const mailboxes = join(directory, 'mailboxes');
    await mkdir(mailboxes);
    const nobody = idOf('-u', 'nobody');
    const group = idOf('-g', 'nobody');
    runOrThrow('chown', [`${nobody}:${group}`, mailboxes]);
    const map = join(directory, 'config', 'mailboxes');
    await writeFile(map, addresses.map((address) => `${address} ${address}/\n`).join(''));
    const domains = [...new Set(addresses.map((address) => address.slice(address.indexOf('@') + 1)))];
    return {
      main: [
        'myhostname = mail.example.net',
        `virtual_mailbox_domains = ${domains.join(' ')}`,
        `virtual_mailbox_maps = texthash:${map}`,
        `virtual_mailbox_base = ${mailboxes}`,
        'virtual_mailbox_limit = 0',
        `virtual_uid_maps = static:${nobody}`,
        `virtual_gid_maps = static:${group}`,
        'default_transport = error:5.7.1 nothing leaves this server',
        'relay_transport = error:5.7.1 nothing leaves this server',
        ...main,
      ],
      services: [`127.0.0.1:${port} inet n - n - - smtpd`, 'virtual unix - n n - - virtual', ...services],
    };
  });
  return { ...instance, port, mailsTo: (address) => mailsIn(join(instance.directory, 'mailboxes', address, 'new')) };
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

function idOf(option: '-u' | '-g', user: string): string {
  return runOrThrow('id', [option, user]).trim();
}
