import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startFakeProvider, strangerKeys } from '#libs/oidc-bridge/testing';
import type { FakeProvider } from '#libs/oidc-bridge/testing';
import { freePort } from '#libs/vocabulary/testing';
import { HttpReader, mailIdsIn, newCode, newestCarrierField } from './http-reader.ts';
import { runSegl, startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const PATIENCE_MS = 180_000;
const anna = 'anna.berg@example.com';

/** What `segl audit query` prints of sign-ins, oldest first. */
function signInsOf(portal: RunningProcess): { type: string; data: Record<string, unknown> }[] {
  const page = runSegl(
    ...['audit', 'query', '--json', '--data-dir', portal.dataDir, '--keyring', join(portal.dataDir, 'keyring')],
  );
  return (JSON.parse(page) as { rows: { type: string; data: Record<string, unknown> }[] }).rows.filter(({ type }) =>
    ['RecipientAuthenticated', 'AuthenticationFailed'].includes(type),
  );
}

describe('a portal that another issuer proves addresses for', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-other-issuer-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function portalWith(name: string, signIn: object, port?: number): Promise<RunningProcess> {
    const configuration = join(directory, `${name}.yaml`);
    await writeFile(configuration, JSON.stringify({ signIn }));
    return startProcess({
      dataDir: join(directory, name),
      environment: { SEGL_CONFIG: configuration },
      ...(port === undefined ? {} : { port }),
    });
  }

  async function aReader(portal: RunningProcess) {
    const reader = new HttpReader(portal.url);
    const { location } = await reader.handIn(await newestCarrierField(portal.url));
    return { reader, location };
  }

  describe('with a secret', () => {
    let issuer: FakeProvider;
    let portal: RunningProcess;
    beforeAll(async () => {
      issuer = await startFakeProvider({ behaves: 'organisation' });
      const clientSecretFile = join(directory, 'secret');
      await writeFile(clientSecretFile, issuer.secret);
      const { clientId } = issuer;
      portal = await portalWith('portal', {
        otherIssuer: { issuer: issuer.issuer, clientId, clientSecretFile, privateAddresses: ['127.0.0.1'] },
      });
    }, PATIENCE_MS);
    afterAll(async () => {
      await portal.stop();
      await issuer.close();
    }, PATIENCE_MS);

    it(
      'leads there and back to the message, with the address that is wanted; its own sign-in page is never seen',
      async () => {
        issuer.signInAs({ email: anna, sub: 'anna-there' });
        const { reader, location } = await aReader(portal);
        const back = await reader.signInPage(location);
        expect(new URL(back.at).pathname).toBe(location);
        expect(issuer.authorizationRequests.at(-1)?.get('login_hint')).toBe(anna);
        expect((await reader.view(location, back)).status).toBe(200);
        expect(signInsOf(portal).at(-1)).toMatchObject({
          type: 'RecipientAuthenticated',
          data: { method: 'organisation', issuer: issuer.issuer, subjectId: 'anna-there' },
        });
      },
      PATIENCE_MS,
    );

    it.each([
      ['an address of somebody else', { email: 'eve@example.com' }, null, 'other-address'],
      ['an address that it does not vouch for', { email: anna, email_verified: false }, null, 'address-unverified'],
      ['a verified that is a word', { email: anna, email_verified: 'true' }, null, 'address-unverified'],
      ['an answer to somebody else', { email: anna }, 'wrong-nonce', 'wrong-nonce'],
      ['a token without a signature', { email: anna }, 'alg-none', 'token-signature'],
      ['a reader who turned back', { email: anna }, 'cancelled', 'cancelled'],
    ] as const)(
      'believes it no more than that: %s',
      async (_, claims, breakage, reason) => {
        issuer.signInAs(claims);
        issuer.breakWith(breakage);
        const { reader, location } = await aReader(portal);
        const before = signInsOf(portal).length;
        const told = await reader.signInPage(location);
        issuer.breakWith(null);
        expect(told.body).toContain('Continue to sign in');
        expect(told.body).not.toMatch(/nonce|signature|eve@/);
        expect(signInsOf(portal).slice(before)).toMatchObject([{ type: 'AuthenticationFailed', data: { reason } }]);
      },
      PATIENCE_MS,
    );

    it(
      'says so kindly while it is away, to the operator with its cause, and in the record',
      async () => {
        const ready = async () => (await fetch(new URL('/readyz', portal.managementUrl))).text();
        const before = signInsOf(portal).length;
        issuer.breakWith('token-endpoint-down');
        const { reader, location } = await aReader(portal);
        const told = await reader.signInPage(location);
        issuer.breakWith(null);
        expect(told.status).toBe(503);
        expect(told.body).not.toMatch(/token|ECONN|fetch/);
        expect((await reader.get(location)).body).toContain('Continue to sign in');
        expect(await ready()).toMatch(/^ready\nwarning: account providers: .*answered with status 503\n$/);
        expect(signInsOf(portal).slice(before)).toMatchObject([{ data: { reason: 'provider-unreachable' } }]);

        issuer.signInAs({ email: anna });
        await reader.signInPage(location);
        // it looks once a second at most
        for (let look = 0; look < 100 && (await ready()) !== 'ready\n'; look++)
          await new Promise((resume) => setTimeout(resume, 50));
        expect(await ready()).toBe('ready\n');
        const said = portal
          .output()
          .split('\n')
          .filter((line) => line.includes('other-issuer ('));
        expect(said).toEqual([expect.stringContaining('cannot be used: '), expect.stringContaining('works again')]);
      },
      PATIENCE_MS,
    );
  });

  it(
    'is as well served by the bridge of another portal, by private_key_jwt and pushed requests',
    async () => {
      const keys = strangerKeys();
      const publicKeyFile = join(directory, 'client.pem');
      const privateKeyFile = join(directory, 'client.key');
      await writeFile(publicKeyFile, keys.publicKey.export({ type: 'spki', format: 'pem' }));
      await writeFile(privateKeyFile, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
      const port = await freePort();
      const redirectUris = [`http://localhost:${port}/authenticate`];
      const proving = await portalWith('proving', {
        clients: [{ clientId: 'branch', kind: 'application', name: 'The Branch', publicKeyFile, redirectUris }],
      });
      const issuer = `${proving.url.origin}/oidc`;
      const reading = await portalWith(
        'reading',
        { otherIssuer: { issuer, clientId: 'branch', privateKeyFile, privateAddresses: ['127.0.0.1', '::1'] } },
        port,
      );
      try {
        const { reader, location } = await aReader(reading);
        const page = await reader.signInPage(location);
        expect(page.at).toContain(`${proving.url.origin}/sign-in/`);
        expect(page.body).toContain('The Branch asks you to confirm that a••••••@example.com is your address.');
        const before = await mailIdsIn(proving.url);
        const [action = ''] = /\/sign-in\/[^"/]+\/code/.exec(page.body) ?? [];
        const there = (path: string) => new URL(path, proving.url).href;
        const asked = await reader.submit(page, there(action));
        const code = await newCode(proving.url, before);
        const enter = await reader.get(there(asked.location));
        const confirm = await reader.follow(await reader.submit(enter, there(asked.location), { code }));
        expect(confirm.at).toBe(new URL(location, reading.url).href);
        expect((await reader.view(location, confirm)).status).toBe(200);
      } finally {
        await reading.stop();
        await proving.stop();
      }
    },
    PATIENCE_MS,
  );
});
