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

/** What stands in the settings of a portal that people sign in to with accounts of a provider. */
export async function clientAt(directory: string, name: string, { clientId, secret }: FakeProvider) {
  const clientSecretFile = join(directory, `${name}.secret`);
  await writeFile(clientSecretFile, `${secret}\n`);
  return { clientId, clientSecretFile, privateAddresses: ['127.0.0.1'] };
}

/** The organisation's own provider, as it stands under `signIn.organisation`. */
export async function organisationAt(directory: string, provider: FakeProvider, more: object = {}) {
  const { issuer } = provider;
  const client = await clientAt(directory, 'organisation', provider);
  return { name: 'Example ID', issuer, domains: ['example.com'], ...client, ...more };
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
  const signIn = {
    microsoft: [{ authority: microsoft.url, ...(await clientAt(directory, 'microsoft', microsoft)) }],
    google: [{ issuer: google.issuer, ...(await clientAt(directory, 'google', google)) }],
    organisation: [await organisationAt(directory, organisation, ofOrganisation)],
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
