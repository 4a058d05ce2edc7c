import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { StrangerClient, strangerKeys } from '#libs/oidc-bridge/testing';
import { startPortalWithAccounts } from './account-providers.ts';
import type { PortalWithAccounts } from './account-providers.ts';
import { HttpReader, mailIdsIn, newCode, newestCarrierField } from './http-reader.ts';
import type { Answer } from './http-reader.ts';
import { runSegl } from './running-process.ts';

const PATIENCE_MS = 180_000;
const anna = 'anna.berg@example.com';
const CODES_PER_HOUR = 3;

describe('strangers who sign people in by this portal', () => {
  const keys = { intranet: strangerKeys(), console: strangerKeys() };
  let directory: string;
  let here: PortalWithAccounts;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-strangers-'));
    const client = async (clientId: keyof typeof keys, kind: string) => {
      const publicKeyFile = join(directory, `${clientId}.pem`);
      await writeFile(publicKeyFile, keys[clientId].publicKey.export({ type: 'spki', format: 'pem' }));
      return { clientId, kind, publicKeyFile, redirectUris: [callbackOf(clientId)] };
    };
    here = await startPortalWithAccounts(
      {
        clients: [
          { ...(await client('intranet', 'application')), name: 'The Intranet', passcodesPerHour: CODES_PER_HOUR },
          await client('console', 'console'),
        ],
      },
      {},
      { rolesClaim: 'groups', roles: { compliance: ['auditor'] } },
    );
  }, PATIENCE_MS);
  afterAll(async () => {
    await here.close();
    await rm(directory, { recursive: true, force: true });
  }, PATIENCE_MS);

  const callbackOf = (clientId: string) => `https://${clientId}.example/signed-in`;
  const clientOf = (clientId: keyof typeof keys) =>
    StrangerClient.discover({
      issuer: new URL('/oidc', here.portal.url),
      clientId,
      privateKey: keys[clientId].privateKey,
      redirectUri: callbackOf(clientId),
      transport: (url, init) => fetch(url, init),
    });

  /** A person whom a client sends here, at the page on which to choose. */
  async function sentBy(clientId: keyof typeof keys, changes: Record<string, string> = {}) {
    const client = await clientOf(clientId);
    const attempt = await client.begin(changes);
    const reader = new HttpReader(here.portal.url);
    const page = await reader.follow(await reader.get(attempt.location.href));
    const isBack = ({ origin }: URL) => origin === new URL(callbackOf(clientId)).origin;
    return {
      reader,
      page,
      async withACode(fields: Record<string, string> = {}): Promise<Answer> {
        const before = await mailIdsIn(here.portal.url);
        const asked = await reader.submit(page, pathIn(page, /\/sign-in\/[^"/]+\/code/), fields);
        if (asked.location === '') return asked;
        const code = await newCode(here.portal.url, before);
        return reader.follow(await reader.submit(await reader.get(asked.location), asked.location, { code }), isBack);
      },
      async withAnAccount(upstream: string): Promise<Answer> {
        return reader.follow(await reader.get(pathIn(page, new RegExp(`/sign-in/[^"/]+/with/${upstream}`))), isBack);
      },
      async claims({ location }: Answer) {
        const tokens = await client.finish(attempt, { location: new URL(location) });
        return { ...tokens.claims(), signedBy: decodeProtectedHeader(tokens.id_token ?? '').kid };
      },
    };
  }

  it(
    'an application on another site has an address proven by a code: one that it names, or one that the person does',
    async () => {
      const named = await sentBy('intranet', { login_hint: 'Bo@Stranger.Example' });
      expect(named.page.body).toContain('The Intranet asks you to confirm that');
      expect(named.page.body).not.toContain('bo@stranger.example');
      expect(await named.claims(await named.withACode())).toMatchObject({
        email: 'bo@stranger.example',
        email_verified: true,
        amr: ['otp'],
      });
      const unnamed = await sentBy('intranet');
      const claims = await unnamed.claims(await unnamed.withACode({ address: 'eve@stranger.example' }));
      expect(claims).toMatchObject({ email: 'eve@stranger.example' });
      expect(claims).not.toHaveProperty('roles');
    },
    PATIENCE_MS,
  );

  it(
    'it has a budget of its own: when that is spent it gets a clear page, and the recipient of a message reads it',
    async () => {
      const answers = [];
      for (let n = 0; n < CODES_PER_HOUR; n++) {
        const signIn = await sentBy('intranet', { login_hint: anna });
        answers.push(await signIn.withACode());
      }
      const refused = answers.at(-1);
      expect(refused?.status).toBe(429);
      expect(refused?.body).toContain('cannot have more codes sent this hour');
      const reader = new HttpReader(here.portal.url);
      const { location } = await reader.handIn(await newestCarrierField(here.portal.url));
      expect((await reader.signInFor(location)).body).toContain('You have confirmed that');
    },
    PATIENCE_MS,
  );

  it(
    'a console gets roles from the organisation’s accounts, and is refused a code and other accounts, also when forced',
    async () => {
      here.organisation.signInAs({ email: anna, groups: ['compliance', 'staff'] });
      const staff = await sentBy('console');
      expect(staff.page.body).not.toMatch(/\/code"|with\/google|with\/microsoft/);
      expect(await staff.claims(await staff.withAnAccount('organisation'))).toMatchObject({ roles: ['auditor'] });

      const forcing = await sentBy('console');
      const uid = pathIn(forcing.page, /\/sign-in\/[^"/]+(?=\/with)/);
      const { location } = await forcing.reader.handIn(await newestCarrierField(here.portal.url));
      const withAForm = await forcing.reader.signInPage(location); // this browser's token, from a page that has a form
      const mails = await mailIdsIn(here.portal.url);
      for (const address of ['', anna]) {
        const refused = await forcing.reader.submit(withAForm, `${uid}/code`, { address });
        expect([refused.status, refused.body]).toEqual([
          403,
          expect.stringContaining('You need an account for this sign-in'),
        ]);
      }
      expect((await forcing.reader.get(`${uid}/with/google`)).status).toBe(404);
      expect(await mailIdsIn(here.portal.url)).toEqual(mails);
    },
    PATIENCE_MS,
  );

  it(
    'keys are rotated and destroyed while people sign in, and nobody notices: neither clients nor the portal’s readers',
    async () => {
      here.google.signInAs({ email: anna, hd: 'example.com' });
      const keyring = join(here.portal.dataDir, 'keyring');
      const published = async () => {
        const { keys: found } = (await (await fetch(new URL('/oidc/jwks', here.portal.url))).json()) as {
          keys: { kid: string }[];
        };
        return found.map(({ kid }) => kid).sort();
      };
      const until = async (wanted: readonly string[]) => {
        for (let look = 0; look < 600 && (await published()).join() !== wanted.join(); look++) {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        expect(await published()).toEqual(wanted);
      };
      const aReader = async () => {
        const reader = new HttpReader(here.portal.url);
        const { location } = await reader.handIn(await newestCarrierField(here.portal.url));
        const page = await reader.signInPage(location);
        return async () => reader.follow(await reader.get(pathIn(page, /\/sign-in\/[^"/]+\/with\/google/)));
      };
      const underWay = [await sentBy('intranet'), await sentBy('intranet')];
      const readers = [await aReader(), await aReader()];

      expect((await (await aReader())()).body).toContain('You have confirmed that');
      runSegl('keys', 'rotate', 'oidc', '--keyring', keyring);
      await until(['oidc-1', 'oidc-2']);
      expect(await underWay[0]?.claims(await underWay[0].withAnAccount('google'))).toMatchObject({
        email: anna,
        signedBy: 'oidc-1',
      });
      expect((await readers[0]?.())?.body).toContain('You have confirmed that');

      runSegl('keys', 'destroy', 'oidc-1', '--keyring', keyring, '--yes');
      await until(['oidc-2']);
      expect(await underWay[1]?.claims(await underWay[1].withAnAccount('google'))).toMatchObject({
        email: anna,
        signedBy: 'oidc-2',
      });
      expect((await readers[1]?.())?.body).toContain('You have confirmed that');
    },
    PATIENCE_MS,
  );
});

function pathIn(page: Answer, pattern: RegExp): string {
  const [path] = pattern.exec(page.body) ?? [];
  if (path === undefined) throw new Error(`nothing like ${pattern} on the page (${page.status}):\n${page.body}`);
  return path;
}
