import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { putJson } from '#libs/ephemeral-store';
import { redisServerPath, startRedisServer } from '#libs/ephemeral-store/testing';
import type { RedisServer } from '#libs/ephemeral-store/testing';
import { appendFacts, streamName } from '#libs/event-store';
import { openEphemeralStore, openEventStore } from '#libs/installation';
import { Keyring } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { noon, segl } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

const bo = 'bo@example.org';
let home: Installation;
let environment: NodeJS.ProcessEnv;
const inHome = (argv: string[], answer?: string) =>
  segl(argv, { environment, ...(answer !== undefined && { answer }) });

beforeAll(async () => {
  home = await temporaryInstallation();
  environment = home.environment;
  const input = Buffer.from(`From: <anna@example.com>\r\nTo: <${bo}>\r\nSubject: x\r\n\r\nbody\r\n`);
  await segl(['seal', '--from', 'anna@example.com', '--to', bo], { environment, input });
}, 60_000);
afterAll(() => home.remove());

it('sessions in the memory of a portal are reached by no command, which says where they can be ended', async () => {
  for (const argv of [
    ['sessions', 'list'],
    ['sessions', 'end', bo, '--yes'],
  ]) {
    const ran = await inHome(argv);
    expect([ran.exitCode, ran.said]).toEqual([1, expect.stringContaining('/console/sessions')]);
  }
});

const withRedis = redisServerPath() === null ? describe.skip : describe;

withRedis('sessions that processes share', () => {
  let redis: RedisServer;
  let personId: PersonId;
  beforeAll(async () => {
    redis = await startRedisServer();
    environment = { ...environment, SEGL_EPHEMERAL_STORE: redis.url };
    const sealed = JSON.parse((await inHome(['audit', 'query', '--type', 'MessageSealed', '--json'])).text) as {
      rows: { data: { recipientId: PersonId } }[];
    };
    personId = sealed.rows[0]?.data.recipientId as PersonId;
    const files = {} as never;
    const place = { files, onNotice: () => undefined };
    const events = await openEventStore({ ...place, url: `sqlite:${home.dataDir}/events.sqlite` }, new SystemClock());
    const issuer = 'https://post.example.com/oidc';
    const data = { personId, method: 'passcode', issuer, challengeId: null, authenticatedAt: noon };
    const event = { type: 'RecipientAuthenticated', version: 2, data } as const;
    await appendFacts(events, streamName('signins', personId), [event]);
    await events.close();
    const keyring = await Keyring.open(home.keyring, { demonstration: false, kinds: ['ephemeral'] });
    const store = await openEphemeralStore(
      { ...place, url: redis.url },
      { maxBytes: 10_000_000, keyring, vouchedFor: [] },
    );
    const proof = { address: bo, personId, method: 'passcode', issuer, subject: 'bo', provenAt: noon };
    await putJson(store, 'session:one', { startedAt: noon, proofs: [proof] }, 600);
    await putJson(store, `sessions:${personId}`, ['session:one'], 600);
    await store.close();
    keyring.close();
  }, 60_000);
  afterAll(() => redis.stop());

  it('are listed by person, ended for a case once that is confirmed, and both stand in the record', async () => {
    const listed = await inHome(['sessions', 'list', '--case', '2026-4711']);
    expect(listed.said).toBe('');
    expect(listed.text).toMatch(new RegExp(`${personId} +${noon} +passcode`));

    const why = ['--case', '2026-4711', '--reason', 'a shared computer'];
    const unasked = await inHome(['sessions', 'end', bo, ...why]);
    expect([unasked.exitCode, unasked.said]).toEqual([64, expect.stringContaining('1 session is open')]);
    expect((await inHome(['sessions', 'end', bo, ...why], 'no')).exitCode).toBe(1);
    expect((await inHome(['sessions', 'list'])).text).toContain(personId);

    const ended = await inHome(['sessions', 'end', bo, ...why], 'yes');
    expect([ended.exitCode, ended.text]).toEqual([0, `${personId}: 1 session ended\n`]);
    expect((await inHome(['sessions', 'list'])).text).not.toContain(personId);
    const again = await inHome(['sessions', 'end', '--person-id', personId, '--yes', '--json']);
    expect(JSON.parse(again.text)).toEqual({ personId, endedSessions: 0 });

    const { rows } = JSON.parse((await inHome(['audit', 'query', '--type', 'SessionsEnded', '--json'])).text) as {
      rows: { data: object }[];
    };
    expect(rows.map(({ data }) => data)).toContainEqual(
      expect.objectContaining({ caseNumber: '2026-4711', reason: 'a shared computer' }),
    );
    const asked = await inHome(['audit', 'query', '--type', 'AuditTrailQueried', '--json']);
    expect(asked.text).toContain('"sessions"');
  });

  it.each([[[]], [[bo, '--person-id', 'a'.repeat(26)]], [['not an address']]])('refuse to end: %j', async (given) => {
    expect((await inHome(['sessions', 'end', ...given, '--yes'])).exitCode).toBe(64);
  });

  it('are nobody’s whom the directory does not know', async () => {
    const ran = await inHome(['sessions', 'end', 'cy@example.org', '--yes']);
    expect([ran.exitCode, ran.said]).toEqual([1, expect.stringContaining('nobody is known')]);
  });
});
