import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeProvider } from '#libs/oidc-bridge/testing';
import type { FakeProvider } from '#libs/oidc-bridge/testing';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

/** A demonstration that people can sign in to with accounts, and the providers of those accounts: real ones, on loopback. */
export interface PortalWithAccounts {
  readonly portal: RunningProcess;
  readonly microsoft: FakeProvider;
  readonly google: FakeProvider;
  readonly organisation: FakeProvider;
  close(): Promise<void>;
}

/**
 * @param more laid beside the providers under `signIn`
 * @param settings beside `signIn`
 * @param ofOrganisation laid over the organisation's provider
 */
export async function startPortalWithAccounts(
  more: Record<string, unknown> = {},
  settings: Record<string, unknown> = {},
  ofOrganisation: Record<string, unknown> = {},
): Promise<PortalWithAccounts> {
  const directory = await mkdtemp(join(tmpdir(), 'segl-accounts-'));
  const [microsoft, google, organisation] = await Promise.all([
    startFakeProvider({ behaves: 'microsoft' }),
    startFakeProvider({ behaves: 'google' }),
    startFakeProvider({ behaves: 'organisation' }),
  ]);
  const ofClient = async (name: string, { clientId, secret }: FakeProvider) => {
    const clientSecretFile = join(directory, `${name}.secret`);
    await writeFile(clientSecretFile, `${secret}\n`);
    return { clientId, clientSecretFile, privateAddresses: ['127.0.0.1'] };
  };
  const signIn = {
    microsoft: [{ authority: microsoft.url, ...(await ofClient('microsoft', microsoft)) }],
    google: [{ issuer: google.issuer, ...(await ofClient('google', google)) }],
    organisation: [
      {
        name: 'Example ID',
        issuer: organisation.issuer,
        domains: ['example.com'],
        ...(await ofClient('organisation', organisation)),
        ...ofOrganisation,
      },
    ],
    ...more,
  };
  const configuration = join(directory, 'segl.yaml');
  await writeFile(configuration, JSON.stringify({ ...settings, signIn }));
  const portal = await startProcess({
    dataDir: join(directory, 'data'),
    environment: { SEGL_CONFIG: configuration },
  });
  return {
    portal,
    microsoft,
    google,
    organisation,
    async close() {
      await portal.stop();
      await Promise.all([microsoft, google, organisation].map((provider) => provider.close()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
