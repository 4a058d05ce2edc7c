import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decryptPersonalData } from '#libs/keyring';
import type { EncryptedPersonalData } from '#libs/keyring';
import { signInsStream } from '#libs/oidc-bridge';
import type { SignInFailure } from '#libs/oidc-bridge';
import { parseMessageId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { issuerHere, passcodeClaims } from './testing/issuer-here.ts';
import type { Claims } from './testing/issuer-here.ts';
import { anna, bo, sealedMessagesHere, settings } from '../testing/sealed-message-here.ts';
import { Authenticate, AuthenticateHandler } from './authenticate.ts';
import type { Authentication } from './authenticate.ts';
import { BeginSignIn, BeginSignInHandler } from './begin-sign-in.ts';
import { SignInAttempts } from './sign-in-attempts.ts';
import type { SignInAttempt } from './sign-in-attempts.ts';

type Here = Awaited<ReturnType<typeof sealedMessagesHere>>;
type Issuer = Awaited<ReturnType<typeof issuerHere>>;
const NETWORK = '192.0.2.0/24';

describe('Authenticate', () => {
  let here: Here;
  let issuer: Issuer;
  let attempts: SignInAttempts;
  let networks = 0;
  const messageId = parseMessageId('a'.repeat(32)) as MessageId;

  beforeAll(async () => {
    here = await sealedMessagesHere();
    issuer = await issuerHere();
    attempts = new SignInAttempts(here.ephemeral);
  });
  afterEach(() => issuer.says({}));
  afterAll(async () => {
    await issuer.close();
    await here.close();
  });

  const handler = (provider = issuer.provider, recordNetworkAddress = true) =>
    new AuthenticateHandler(here.store, here.persons, attempts, provider, here.sessions, here.clock, {
      ...settings,
      recordNetworkAddress,
    });

  async function begun(browserId = 'browser'): Promise<SignInAttempt> {
    const { personId } = await here.persons.findOrCreate(anna);
    // each in a network of its own: the limits have a test of theirs
    return attempts.begin({ browserId, messageId, personId, address: anna }, `${NETWORK}-${++networks}`);
  }

  async function comesBack(
    answer: URLSearchParams,
    {
      browserId = 'browser',
      next = 'after',
      before = 'before',
      provider = issuer.provider,
    }: { browserId?: string | null; next?: string; before?: string; provider?: Issuer['provider'] } = {},
  ) {
    return handler(provider).execute(
      new Authenticate({
        answer,
        browserId,
        sessionId: before,
        nextSessionId: () => next,
        networkAddress: '192.0.2.7',
        networkPrefix: '192.0.2.7/32',
      }),
    );
  }

  const events = async () => {
    const { personId } = await here.persons.findOrCreate(anna);
    return Array.fromAsync(here.store.readStream(signInsStream(personId)));
  };
  const isSignedIn = async (sessionId: string) => (await here.sessions.touch(sessionId, here.clock.now())) !== null;

  it('makes a session under a new id of a proof, ends the old one, and records method, issuer and network', async () => {
    await here.signIn(anna, 'before');
    const attempt = await begun();
    issuer.says(passcodeClaims(anna, attempt.personId));
    const outcome = await comesBack(await issuer.answerTo(attempt));
    expect(outcome).toEqual({ status: 'authenticated', messageId, personId: attempt.personId, method: 'passcode' });
    expect(await here.sessions.touch('after', here.clock.now())).toMatchObject({
      proofs: [{ address: anna, personId: attempt.personId, issuer: 'http://localhost:8080/oidc' }],
    });
    expect(await isSignedIn('before')).toBe(false);

    const last = (await events()).at(-1);
    expect(last).toMatchObject({
      type: 'RecipientAuthenticated',
      version: 2,
      data: { method: 'passcode', issuer: 'http://localhost:8080/oidc', personId: attempt.personId, challengeId: null },
    });
    const [inSession] = (await here.sessions.touch('after', here.clock.now()))?.proofs ?? [];
    expect(inSession?.signInId).toBe(last?.id); // what views of this session will name
    expect(last?.data).not.toHaveProperty('subjectId');
    const person = await here.persons.findById(attempt.personId);
    const { networkAddress } = last?.data as { networkAddress: EncryptedPersonalData };
    if (person === null || last === undefined) throw new Error('no person');
    expect(decryptPersonalData(person, last.id, 'networkAddress', networkAddress)).toBe('192.0.2.7');
  });

  it('records the account that proved the address, and who read a shared mailbox, under the person’s key', async () => {
    const attempt = await begun();
    issuer.says({
      email: anna,
      email_verified: true,
      segl_proof: { method: 'google', issuer: 'https://accounts.google.com', subject: 'subject-of-anna' },
      segl_reader: { kind: 'stated', name: 'Anna Lund' },
    });
    expect(await comesBack(await issuer.answerTo(attempt))).toMatchObject({
      status: 'authenticated',
      method: 'google',
    });
    const last = (await events()).at(-1);
    const person = await here.persons.findById(attempt.personId);
    if (person === null || last === undefined) throw new Error('no person');
    const data = last.data as { subjectId: EncryptedPersonalData; reader: EncryptedPersonalData };
    expect(Buffer.from(last.bytes).toString()).not.toMatch(/subject-of-anna|Anna Lund/);
    expect(decryptPersonalData(person, last.id, 'subjectId', data.subjectId)).toBe('subject-of-anna');
    expect(decryptPersonalData(person, last.id, 'reader', data.reader)).toEqual({ kind: 'stated', name: 'Anna Lund' });

    const opaque = { kind: 'account', issuer: 'https://id.example', subject: '4711', address: null };
    for (const reader of [opaque, { ...opaque, address: bo }, { ...opaque, name: 'Anna Lund' }]) {
      const again = await begun();
      issuer.says({ ...passcodeClaims(anna, again.personId), segl_reader: reader });
      await comesBack(await issuer.answerTo(again));
      const recorded = (await events()).at(-1);
      if (recorded === undefined) throw new Error('nothing is recorded');
      const { reader: encrypted } = recorded.data as { reader: EncryptedPersonalData };
      expect(decryptPersonalData(person, recorded.id, 'reader', encrypted)).toEqual(reader);
    }
  });

  it('is done once with an answer: of a hundred at once one makes a session, and the same browser’s others do no harm', async () => {
    const attempt = await begun();
    issuer.says(passcodeClaims(anna, attempt.personId));
    const answer = await issuer.answerTo(attempt);
    const before = (await events()).length;
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, index) => comesBack(answer, { next: `racer-${index}` })),
    );
    expect(outcomes.filter(({ status }) => status === 'authenticated')).toHaveLength(1);
    expect(outcomes.filter(({ status }) => status === 'repeated')).toHaveLength(99);
    const sessions = await Promise.all(outcomes.map((_, index) => isSignedIn(`racer-${index}`)));
    expect(sessions.filter(Boolean)).toHaveLength(1);
    expect(await events()).toHaveLength(before + 1);
  });

  it('A4: replaces the proofs of the session before: one method never extends another’s', async () => {
    await here.signIn(bo, 'session-of-bo');
    const attempt = await begun();
    issuer.says(passcodeClaims(anna, attempt.personId));
    await comesBack(await issuer.answerTo(attempt), { before: 'session-of-bo', next: 'session-after-bo' });
    expect(await isSignedIn('session-of-bo')).toBe(false);
    expect(await here.sessions.touch('session-after-bo', here.clock.now())).toMatchObject({
      proofs: [{ address: anna }],
    });
  });

  async function expectRefused(attempt: () => Promise<Authentication>, reason: string): Promise<void> {
    const before = (await events()).length;
    expect(await attempt()).toEqual({ status: 'failed', messageId, isCancelled: reason === 'cancelled' });
    const recorded = (await events()).slice(before);
    expect(recorded).toMatchObject([{ type: 'AuthenticationFailed', data: { reason, clientId: 'portal' } }]);
    expect(await isSignedIn('thief')).toBe(false);
  }

  it('A5: refuses an answer in another browser than the one that asked', async () => {
    const attempt = await begun('browser-of-anna');
    issuer.says(passcodeClaims(anna, attempt.personId));
    const answer = await issuer.answerTo(attempt);
    await expectRefused(() => comesBack(answer, { browserId: 'another', next: 'thief' }), 'wrong-browser');
    const before = (await events()).length;
    await comesBack(answer, { browserId: 'another', next: 'thief' }); // recorded once
    expect(await comesBack(answer, { browserId: null, next: 'thief' })).toEqual({ status: 'unknown' });
    expect(await events()).toHaveLength(before);
    // and nothing was spent: the rightful browser signs in
    expect(await comesBack(answer, { browserId: 'browser-of-anna' })).toMatchObject({ status: 'authenticated' });
    expect(await comesBack(answer, { browserId: 'browser-of-anna' })).toMatchObject({ status: 'repeated' });
  });

  it('refuses an answer that was used before, and records it once, however often somebody comes with it', async () => {
    const attempt = await begun();
    issuer.says(passcodeClaims(anna, attempt.personId));
    const answer = await issuer.answerTo(attempt);
    await comesBack(answer);
    const before = (await events()).length;
    await expectRefused(() => comesBack(answer, { browserId: 'another', next: 'thief' }), 'replayed');
    await comesBack(answer, { browserId: 'another', next: 'thief' });
    expect(await events()).toHaveLength(before + 1);
  });

  it('knows nothing of a state that nobody made, and records nothing for it', async () => {
    const before = (await events()).length;
    for (const state of ['', 'x', 'A'.repeat(43), '__proto__']) {
      expect(await comesBack(new URLSearchParams({ state, code: 'c' }))).toEqual({ status: 'unknown' });
    }
    expect(await events()).toHaveLength(before);
  });

  const verified = { email: anna, email_verified: true };
  const proof = { method: 'passcode', issuer: 'http://localhost:8080/oidc', subject: 's' };
  const vouched = { ...verified, segl_proof: proof };
  const asSigned = () => undefined;
  it.each<[string, string, Claims, (payload: Claims) => void]>([
    ['of another address', 'other-address', { ...vouched, email: bo }, asSigned],
    ['of an address in another form', 'token-invalid', { ...vouched, email: 'ANNA@example.com' }, asSigned],
    ['of an address that is not verified', 'address-unverified', { ...vouched, email_verified: false }, asSigned],
    ['that says "true" as text', 'address-unverified', { ...vouched, email_verified: 'true' }, asSigned],
    ['without an address', 'address-unverified', { email_verified: true, segl_proof: proof }, asSigned],
    ['that does not say how', 'token-invalid', verified, asSigned],
    ['by a method that there is not', 'token-invalid', { ...vouched, segl_proof: { ...proof, method: 'x' } }, asSigned],
    ['with a reader of another shape', 'token-invalid', { ...vouched, segl_reader: { kind: 'x' } }, asSigned],
    ['of another issuer', 'wrong-issuer', vouched, (payload) => (payload['iss'] = 'https://evil.example')],
    ['for another audience', 'wrong-audience', vouched, (payload) => (payload['aud'] = 'somebody')],
    ['with another nonce', 'wrong-nonce', vouched, (payload) => (payload['nonce'] = 'another')],
    ['without a nonce', 'wrong-nonce', vouched, (payload) => delete payload['nonce']],
    ['that has expired', 'token-invalid', vouched, (payload) => (payload['exp'] = 1)],
  ])('refuses a token %s', async (_, reason, claims, change) => {
    const attempt = await begun();
    issuer.says(claims, change);
    const answer = await issuer.answerTo(attempt);
    await expectRefused(() => comesBack(answer, { next: 'thief' }), reason);
  });

  it('refuses a token signed with a key that the issuer does not publish', async () => {
    const attempt = await begun();
    issuer.says(passcodeClaims(anna, attempt.personId), (_, header) => (header['kid'] = 'another'));
    const answer = await issuer.answerTo(attempt);
    await expectRefused(() => comesBack(answer, { next: 'thief' }), 'token-signature');
  });

  it('records an error of the provider, and nothing of its words', async () => {
    const { state } = await begun();
    const answer = new URLSearchParams({ state, error: 'server_error', error_description: '<b>x</b>' });
    await expectRefused(() => comesBack(answer, { next: 'thief' }), 'provider-error');
  });

  it('leaves it to our own bridge to record that somebody turned back, and records it of another issuer', async () => {
    const before = (await events()).length;
    const { state } = await begun();
    const answer = new URLSearchParams({ state, error: 'access_denied' });
    expect(await comesBack(answer)).toEqual({ status: 'failed', messageId, isCancelled: true });
    expect(await events()).toHaveLength(before);

    const foreign = await issuerHere(false);
    try {
      answer.set('state', (await begun()).state);
      expect(await comesBack(answer, { provider: foreign.provider })).toMatchObject({ isCancelled: true });
      expect((await events()).slice(before)).toMatchObject([{ data: { reason: 'cancelled' } }]);
    } finally {
      await foreign.close();
    }
  });

  it('A6: refuses the answer of another issuer (RFC 9207)', async () => {
    const attempt = await begun();
    const answer = await issuer.answerTo(attempt);
    answer.set('iss', 'https://evil.example');
    await expectRefused(() => comesBack(answer, { next: 'thief' }), 'wrong-issuer');
  });

  it('refuses the proof of a person who was erased since', async () => {
    const { personId } = await here.persons.findOrCreate(bo);
    const attempt = await attempts.begin({ browserId: 'browser', messageId, personId, address: bo }, NETWORK);
    issuer.says(passcodeClaims(bo, personId));
    const answer = await issuer.answerTo(attempt);
    await here.persons.erase(personId);
    expect(await comesBack(answer, { next: 'thief' })).toMatchObject({ status: 'failed' });
    expect(await isSignedIn('thief')).toBe(false);
    const recorded = await Array.fromAsync(here.store.readStream(signInsStream(personId)));
    expect(recorded).toMatchObject([{ type: 'AuthenticationFailed', data: { reason: 'person-erased' } }]);
  });

  it('lets a message be tried for no more than twenty times an hour from one network', async () => {
    const { personId } = await here.persons.findOrCreate(anna);
    const wish = { browserId: 'browser', messageId, personId, address: anna };
    for (let count = 0; count < 20; count++) await attempts.begin(wish, '198.51.100.0/24');
    await expect(attempts.begin(wish, '198.51.100.0/24')).rejects.toMatchObject({ code: 'too-many-sign-ins' });
    await attempts.begin(wish, '203.0.113.0/24');
  });

  it('is impossible while the issuer is away, says so, and goes on once our own bridge is back', async () => {
    const away = await issuerHere();
    await away.close();
    const attempt = await begun();
    await expect(
      away.provider.begin(anna, attempt, 'en', { browserId: 'browser', path: '/m/a' }),
    ).rejects.toMatchObject({
      code: 'identity-provider-unavailable',
    });
    // The same answer is good once more, and no oftener.
    issuer.says(passcodeClaims(anna, attempt.personId));
    const answer = await issuer.answerTo(attempt);
    const before = (await events()).length;
    await expect(comesBack(answer, { provider: away.provider })).rejects.toMatchObject({
      code: 'identity-provider-unavailable',
    });
    expect(await comesBack(answer, { browserId: 'another', next: 'thief' })).toMatchObject({ status: 'failed' });
    expect(await comesBack(answer, { next: 'second-try' })).toMatchObject({ status: 'authenticated' });
    expect(await comesBack(answer, { next: 'third-try' })).toMatchObject({ status: 'repeated' });
    expect([await isSignedIn('second-try'), await isSignedIn('third-try')]).toEqual([true, false]);
    expect(await events()).toHaveLength(before + 2); // the other browser, and the proof
  });

  it('believes an issuer that is not ours for a verified address, and for nothing it says of methods', async () => {
    const foreign = await issuerHere(false);
    try {
      const attempt = await begun();
      foreign.says({
        email: anna,
        email_verified: true,
        sub: 'anna-there',
        segl_proof: { ...proof, method: 'microsoft' },
      });
      const answer = await foreign.answerTo(attempt);
      expect(await foreign.provider.finish(answer, attempt)).toEqual({
        address: anna,
        method: 'organisation',
        issuer: foreign.server.issuer.url,
        subject: 'anna-there',
      });
      const another = await begun();
      foreign.says({ email: anna, sub: 'anna-there' });
      const unverified = await foreign.answerTo(another);
      await expect(foreign.provider.finish(unverified, another)).rejects.toMatchObject({
        reason: 'address-unverified',
      });
    } finally {
      await foreign.close();
    }
  });

  describe('another issuer in place of our own bridge', () => {
    let foreign: Issuer;
    beforeAll(async () => {
      foreign = await issuerHere(false);
    });
    afterAll(() => foreign.close());
    const vouches = { email: anna, email_verified: true, sub: 'anna-there' };

    it.each<[string, SignInFailure, (payload: Claims, header: Claims) => void]>([
      ['for us among others', 'wrong-audience', (payload) => (payload['aud'] = ['portal', 'somebody'])],
      ['given to another party', 'wrong-audience', (payload) => (payload['azp'] = 'somebody')],
      ['issued in the future', 'token-invalid', (payload) => (payload['iat'] = Date.now() / 1000 + 600)],
      ['of another type', 'token-invalid', (_, header) => (header['typ'] = 'at+jwt')],
      ['of another issuer', 'wrong-issuer', (payload) => (payload['iss'] = 'https://evil.example')],
      ['with another nonce', 'wrong-nonce', (payload) => (payload['nonce'] = 'another')],
    ])('is held to the rules of an upstream: a token %s', async (_, reason, change) => {
      const attempt = await begun();
      foreign.says(vouches, change);
      const answer = await foreign.answerTo(attempt);
      await expectRefused(() => comesBack(answer, { next: 'thief', provider: foreign.provider }), reason);
    });

    it('leaves a record when it cannot be used, at the beginning and at the end of a sign-in', async () => {
      const away = await issuerHere(false);
      const attempt = await begun();
      away.says(vouches);
      const answer = await away.answerTo(attempt);
      const { personId } = attempt;
      await away.close();
      const before = (await events()).length;
      const atTheEnd = comesBack(answer, { provider: away.provider });
      await expect(atTheEnd).rejects.toMatchObject({ code: 'identity-provider-unavailable' });
      const gone = await issuerHere(false);
      await gone.close();
      const beginning = new BeginSignInHandler(here.store, attempts, gone.provider, here.clock).execute(
        new BeginSignIn({
          ...{ browserId: 'b', messageId, personId, address: anna },
          locale: 'en',
          networkPrefix: 'n',
          wantsCode: false,
          terms: [],
        }),
      );
      await expect(beginning).rejects.toMatchObject({ code: 'identity-provider-unavailable' });
      const data = { personId, clientId: 'portal', reason: 'provider-unreachable' };
      const recorded = (await events()).slice(before);
      expect(recorded).toMatchObject([
        { type: 'AuthenticationFailed', data: { ...data, issuer: away.provider.issuer } },
        { type: 'AuthenticationFailed', data: { ...data, issuer: gone.provider.issuer } },
      ]);
    });
  });

  it('never makes a session without a record', async () => {
    const attempt = await begun();
    issuer.says(passcodeClaims(anna, attempt.personId));
    const answer = await issuer.answerTo(attempt);
    await here.store.close();
    await expect(comesBack(answer, { next: 'unrecorded' })).rejects.toMatchObject({ code: 'event-store-unavailable' });
    expect(await isSignedIn('unrecorded')).toBe(false);
  });
});
