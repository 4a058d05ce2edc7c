import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSmtpSink } from '#libs/mail/testing';
import type { SmtpSink } from '#libs/mail/testing';
import { startFakeProvider } from '#libs/oidc-bridge/testing';
import { segl } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

let home: Installation;
let relay: SmtpSink;
let file: string;
const atHome = (...argv: string[]) => segl(argv, { environment: { SEGL_CONFIG: file } });
const faultsOf = (text: string) => text.split('\n').filter((line) => line.startsWith('FAULT'));

beforeEach(async () => {
  home = await temporaryInstallation();
  relay = await startSmtpSink();
  file = join(home.directory, 'segl.yaml');
  await configure('');
});
afterEach(async () => {
  await relay.close();
  await home.remove();
});

async function configure(more: string): Promise<void> {
  const { port } = relay;
  const settings = [
    'publicUrl: https://post.example.com',
    `keyring: ${home.keyring}`,
    `dataDir: ${home.dataDir}`,
    `relayUrl: smtp://127.0.0.1:${port}`,
    'organisation: { name: Nordlys, postalAddress: Havnegade 1, contactMail: post@example.com, timeZone: Europe/Copenhagen }',
    'passcode: { sender: no-reply@example.com }',
    more,
  ];
  await writeFile(file, settings.join('\n'));
}

describe('segl doctor', () => {
  it('finds all well before the first start, by the values of the configuration file alone', async () => {
    const { exitCode, text } = await atHome('doctor');
    expect([exitCode, faultsOf(text)]).toEqual([0, []]);
    expect(text.match(/none yet/g)).toHaveLength(4); // data directory, event store, person directory, read models
    expect(text).toContain(`data directory: ${home.dataDir}: none yet`);
    expect(text).toMatch(/^NOTE {3}proxy in front: trustedProxies is empty: all readers look like one$/m);
    expect(text).toMatch(/^NOTE {3}public address: nothing answers at https:\/\/post\.example\.com\/healthz/m);
    expect(text).toMatch(/^ok {5}disk: .* GiB free$/m);
  });

  it('makes nothing', async () => {
    await atHome('doctor');
    await expect(rm(home.dataDir, { recursive: true })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('says that a store is lost whose other half is there', async () => {
    const seal = ['seal', '--from', 'anna@example.com', '--to', 'bo@example.org', '-'];
    await segl(seal, { environment: { SEGL_CONFIG: file }, input: Buffer.from('Subject: x\n\n') });
    await rm(join(home.dataDir, 'persons.sqlite'));
    const { exitCode, text } = await atHome('doctor');
    expect([exitCode, faultsOf(text)]).toEqual([69, [expect.stringContaining('person directory: there is no')]]);
  });

  it('names one fault of a configuration file that cannot be read, and guesses at nothing else', async () => {
    await configure('portal: [');
    const { exitCode, text } = await atHome('doctor');
    expect([exitCode, faultsOf(text)]).toEqual([78, [expect.stringContaining('configuration: SEGL_CONFIG: ')]]);
    expect(text.split('\n')).toHaveLength(3);
  });

  it('looks at the rest beside a fault of one setting, with what to do', async () => {
    await configure('httpPort: eighty');
    const { exitCode, text } = await atHome('doctor');
    expect([exitCode, faultsOf(text)]).toEqual([78, [expect.stringContaining('SEGL_HTTP_PORT (httpPort)')]]);
    expect(text).toContain('what to do: mend what is named');
    expect(text).toMatch(/^ok {5}relay: /m);
  });

  it('looks at nothing that stands on a setting which is missing, and asks nobody by a name that nobody gave', async () => {
    await writeFile(
      file,
      `keyring: ${home.keyring}\ndataDir: ${home.dataDir}\nrelayUrl: smtp://127.0.0.1:${relay.port}\n`,
    );
    const { exitCode, text } = await atHome('doctor');
    expect([exitCode, faultsOf(text).length]).toEqual([78, 3]);
    expect(text).toMatch(/^NOTE {3}public address: not looked at: it stands on publicUrl$/m);
    expect(text).toMatch(/^NOTE {3}records in DNS: not looked at: it stands on passcode\.sender$/m);
    expect(text).not.toContain('stand-in');
  });

  it('says which file of sign-in cannot be used', async () => {
    await configure('signIn: { google: [{ clientId: g, clientSecretFile: /no/such/secret }] }');
    const { text } = await atHome('doctor');
    expect(faultsOf(text)).toEqual([expect.stringMatching(/sign-in: .*\/no\/such\/secret cannot be read: ENOENT/)]);
  });

  it('asks every provider of accounts, and says which cannot be used and why', async () => {
    const provider = await startFakeProvider({ behaves: 'organisation' });
    const secret = join(home.directory, 'secret');
    await writeFile(secret, provider.secret);
    const given = (issuer: string) =>
      `{ name: Staff, issuer: '${issuer}', clientId: c, clientSecretFile: ${secret}, domains: [example.com], privateAddresses: [127.0.0.1] }`;
    await configure(`signIn: { organisation: [${given(provider.issuer)}] }`);
    expect((await atHome('doctor')).text).toContain('account providers: Staff');
    await configure(`signIn: { organisation: [${given(`${provider.issuer}/`)}] }`);
    const { exitCode, text } = await atHome('doctor');
    await provider.close();
    expect([exitCode, faultsOf(text)]).toEqual([
      69,
      [expect.stringContaining(`its metadata names another issuer, ${provider.issuer} than the configured`)],
    ]);
  });

  it('says of a disk that is full how little is left, and what stands still then', async () => {
    await mkdir(home.dataDir);
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'segl-tiny', home.dataDir]);
    if (status !== 0)
      return void process.stdout.write('SKIPPED: a full disk: no small file system may be mounted here\n');
    try {
      await writeFile(join(home.dataDir, 'filler'), Buffer.alloc(2 * 1024 * 1024));
      const { exitCode, text } = await atHome('doctor');
      expect([exitCode, faultsOf(text)]).toEqual([69, ['FAULT  disk: 0 MiB free']]);
      expect(text).toContain('what to do: make room: where it runs out, nothing is recorded');
    } finally {
      spawnSync('umount', [home.dataDir]);
    }
  });

  it('refuses a data directory of the other kind, and leaves it as it is', async () => {
    await mkdir(home.dataDir);
    await writeFile(join(home.dataDir, 'DEMONSTRATION'), '');
    const { exitCode, text } = await atHome('doctor');
    expect([exitCode, text]).toEqual([78, expect.stringContaining('holds the data of a demonstration')]);
  });
});

it('segl --version says which build it is', async () => {
  expect(await segl(['--version'])).toMatchObject({ exitCode: 0, text: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});
