import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseMessageId } from '#libs/vocabulary';
import { BackedUp } from '../backups.ts';
import { temporaryInstallation } from '../installation.ts';

/** What is to be found in a frozen installation. */
export interface Frozen {
  readonly events: number;
  /** RFC 6962 root of them. */
  readonly root: string;
  /** Sealed by it, one each under an older and the newest sealing key. */
  readonly carriers: readonly { readonly file: string; readonly messageId: string; readonly body: string }[];
  readonly readers: readonly string[];
  readonly erased: string;
  /** A checkpoint of its ledger, as it was kept elsewhere. */
  readonly checkpoint: string;
}

/** Leaves an installation of this build behind, with something of most that can happen to one. */
export async function freezeInstallation(directory: string): Promise<void> {
  const home = await temporaryInstallation();
  try {
    const backedUp = await BackedUp.of(home);
    const done = async (...argv: string[]) => {
      const ran = await backedUp.run(argv);
      if (ran.exitCode !== 0) throw new Error(`segl ${argv.join(' ')}: ${ran.said}`);
      return ran.text;
    };
    await mkdir(directory); // never over what is there
    const carriers: Frozen['carriers'][number][] = [];
    const seal = async (to: string) => {
      const { messageId, carrier } = await backedUp.seal('anna@example.com', to);
      const file = `carrier-${carriers.length + 1}.eml`;
      await writeFile(join(directory, file), carrier);
      carriers.push({ file, messageId, body: 'marker-of-the-body' });
      return messageId;
    };
    await seal('bo@example.org');
    await done('keys', 'rotate', 'sealing', '--case', '2026-1');
    await seal('cy@example.org');
    const revoked = parseMessageId((await backedUp.seal('anna@example.com', 'cy@example.org')).messageId);
    await done('revoke', revoked ?? '', '--yes', '--reason', 'sent by mistake');
    await done('hold', 'place', 'bo@example.org', '--case', '2026-2');
    await backedUp.seal('anna@example.com', 'di@example.org');
    await done('erase', 'di@example.org', '--yes', '--case', '2026-3');
    await done('keys', 'rotate', 'person-wrapping');
    await done('keys', 'destroy', 'person-wrapping-1', '--yes');
    await done('audit', 'query', '--person', 'bo@example.org', '--case', '2026-2');
    const checkpoint = await done('audit', 'checkpoint');
    const { events, root } = JSON.parse((await backedUp.backup()).text) as { events: number; root: string };
    await rename(backedUp.file, join(directory, 'backup.age'));
    await copyFile(backedUp.identity, join(directory, 'backup.key'));
    const tar = ['--owner=0', '--group=0', '--sort=name', '-C', dirname(home.dataDir)];
    execFileSync('tar', ['czf', join(directory, 'installation.tar.gz'), ...tar, 'data', 'keyring']);
    const frozen: Frozen = {
      ...{ events, root, carriers, checkpoint },
      ...{ readers: ['bo@example.org', 'cy@example.org'], erased: 'di@example.org' },
    };
    await writeFile(join(directory, 'expected.json'), `${JSON.stringify(frozen, null, 2)}\n`);
  } finally {
    await home.remove();
  }
}
