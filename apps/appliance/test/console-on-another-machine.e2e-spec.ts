import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { redisServerPath, startRedisServer } from '#libs/ephemeral-store/testing';
import type { RedisServer } from '#libs/ephemeral-store/testing';
import { startFakeProvider } from '#libs/oidc-bridge/testing';
import type { FakeProvider } from '#libs/oidc-bridge/testing';
import { organisationAt } from './account-providers.ts';
import { HttpReader } from './http-reader.ts';
import { SeveralProcesses } from './several-processes.ts';

const PATIENCE_MS = 240_000;
const withRedis = redisServerPath() === null ? describe.skip : describe;

withRedis('a console that is a process of its own, twice (skipped where there is no Redis)', () => {
  let directory: string;
  let redis: RedisServer;
  let provider: FakeProvider;
  let all: SeveralProcesses;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-consoles-'));
    redis = await startRedisServer();
    provider = await startFakeProvider({ behaves: 'organisation' });
    const ofOrganisation = { rolesClaim: 'groups', roles: { compliance: ['auditor'] } };
    all = await SeveralProcesses.start(
      async (shared) => ({
        eventStore: `sqlite:${join(shared, 'events.sqlite')}`,
        ephemeralStore: redis.url,
        personKeys: `sqlite:${join(shared, 'persons.sqlite')}`,
      }),
      {
        passcode: { sender: 'no-reply@nordlys.example' },
        signIn: {
          organisation: [await organisationAt(directory, provider, ofOrganisation)],
        },
      },
    );
  }, PATIENCE_MS);
  afterAll(async () => {
    await all.stop();
    await provider.close();
    await redis.stop();
    await rm(directory, { recursive: true, force: true });
  }, PATIENCE_MS);

  it(
    'signs its people in by the portals, and either console goes on where the other began',
    async () => {
      provider.signInAs({ email: 'rie@example.com', groups: ['compliance'] });
      const browser = new HttpReader(all.url);
      const begun = await browser.follow(await browser.get('/console/sign-in/begin'));
      const [withAccount = ''] = /\/sign-in\/[^"/]+\/with\/organisation/.exec(begun.body) ?? [];
      const overview = await browser.follow(await browser.get(withAccount));
      expect([overview.status, overview.body]).toEqual([200, expect.stringContaining('Signed in as rie@example.com')]);
      for (let turn = 0; turn < 4; turn++) {
        const page = await browser.get('/console/search?order=oldest-first');
        expect([page.status, page.body]).toEqual([200, expect.stringContaining('Search the record')]);
      }
      // A reader's page in the same browser, at a portal, is not disturbed by it, nor disturbs it.
      expect((await browser.get('/')).status).toBe(200);
      const after = await browser.get('/console');
      expect(after.body).toContain('Signed in as rie@example.com');
    },
    PATIENCE_MS,
  );

  it('has no page of a portal, and a portal none of its', async () => {
    const console1 = await fetch(new URL('/m/x', all.process('console-1').url));
    const portal1 = await fetch(new URL('/console', all.process('portal-1').url));
    expect([console1.status, portal1.status]).toEqual([404, 404]);
  });
});
