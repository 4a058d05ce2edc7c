import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newStream, noted } from '../../testing/contract/noted.ts';
import { EventStoreDbDouble } from '../../testing/index.ts';
import { EventStoreDbEventStore } from './eventstoredb-event-store.ts';
import type { EventStoreDbOptions } from './eventstoredb-event-store.ts';
import { EventStoreMisconfigured } from './settings.ts';

const PASSWORD = 'Sehr:geheim!';

describe('credentials and certificates', () => {
  let directory: string;
  let credentialsFile: string;
  let double: EventStoreDbDouble;
  const said: string[] = [];
  const at = (name: string): string => join(directory, name);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-eventstore-'));
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    for (const name of ['ca', 'other']) {
      openssl('req', '-x509', ...ec, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`);
    }
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-subj', '/CN=eventstoredb-node'];
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE'];
    openssl('req', '-x509', ...ec, ...signed, ...names, '-keyout', 'node.key', '-out', 'node.pem');
    credentialsFile = at('credentials');
    await writeFile(credentialsFile, `segl:${PASSWORD}\n`, { mode: 0o600 });
    const tls = { key: await readFile(at('node.key')), cert: await readFile(at('node.pem')) };
    double = await EventStoreDbDouble.start({ tls, credentials: `segl:${PASSWORD}` });
  });
  afterAll(async () => {
    await double.stop();
    await rm(directory, { recursive: true });
    expect(said.join('\n')).not.toContain('geheim');
  });

  async function attempt(options: EventStoreDbOptions, url = double.url): Promise<string> {
    const onNotice = ({ message }: { message: string }): unknown => said.push(message);
    const store = await EventStoreDbEventStore.open(url, { totalMs: 5000, ...options, onNotice });
    try {
      await store.append(newStream(), 'NONE', [noted('a')]);
      return 'appended';
    } catch (error) {
      said.push(String(error), JSON.stringify(error));
      return (error as Error).message;
    } finally {
      await store.close();
    }
  }

  it('lets in who has them', async () => {
    expect(await attempt({ credentialsFile, caFile: at('ca.pem') })).toBe('appended');
  });

  it('says which is wrong', async () => {
    expect(await attempt({ credentialsFile, caFile: at('other.pem') })).toMatch(/check the CA file/);
    expect(await attempt({ credentialsFile })).toMatch(/check the CA file/);
    await writeFile(at('wrong'), 'segl:geheimnis', { mode: 0o600 });
    expect(await attempt({ credentialsFile: at('wrong'), caFile: at('ca.pem') })).toMatch(/check the credentials file/);
    const cluster = double.url.replace('esdb:', 'esdb+discover:');
    expect(await attempt({ credentialsFile, caFile: at('other.pem') }, cluster)).toMatch(/check the CA file/);
  });

  it('takes a new file without a restart', async () => {
    const changing = at('changing');
    await writeFile(changing, 'segl:geheimnis', { mode: 0o600 });
    const store = await EventStoreDbEventStore.open(double.url, { credentialsFile: changing, caFile: at('ca.pem') });
    try {
      await expect(store.checkWritable()).rejects.toMatchObject({ code: 'event-store-unavailable' });
      await writeFile(changing, `segl:${PASSWORD}`);
      await store.checkWritable();
    } finally {
      await store.close();
    }
  });

  it('refuses files that cannot be right', async () => {
    const refused = async (options: EventStoreDbOptions, reason: RegExp, url = double.url): Promise<void> => {
      const opened = EventStoreDbEventStore.open(url, options);
      await expect(opened).rejects.toBeInstanceOf(EventStoreMisconfigured);
      await expect(opened).rejects.toMatchObject({ message: expect.stringMatching(reason) });
      await opened.catch((error: unknown) => said.push(String(error)));
    };
    await refused({}, /wants a user/);
    await refused({ credentialsFile: at('none') }, /ENOENT/);
    await writeFile(at('two'), 'segl:geheim\nand:more', { mode: 0o600 });
    await refused({ credentialsFile: at('two') }, /one line/);
    await writeFile(at('open'), 'segl:geheim', { mode: 0o600 });
    await chmod(at('open'), 0o644);
    await refused({ credentialsFile: at('open') }, /chmod 600/);
    await refused({ credentialsFile, caFile: credentialsFile }, /no certificate/);
    await refused({ caFile: at('ca.pem') }, /tls=false/, 'esdb://127.0.0.1?tls=false');
  });
});
