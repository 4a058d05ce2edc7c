import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EphemeralStoreFull, MemoryEphemeralStore } from '#libs/ephemeral-store';
import { ephemeralKey } from './ephemeral-names.ts';
import { StoreAdapter } from './store-adapter.ts';

describe('what the provider remembers', () => {
  let store: MemoryEphemeralStore;
  let milliseconds: number;
  beforeEach(() => {
    milliseconds = 0;
    store = new MemoryEphemeralStore({ maxBytes: 4e6, clock: () => milliseconds });
  });
  afterEach(() => store.close());

  const adapter = (model: string) => new StoreAdapter(model, store);

  it('comes back as it was put, in every process on the store', async () => {
    await adapter('Interaction').upsert('id-1', { jti: 'id-1', uid: 'u', exp: 9 }, 60);
    expect(await adapter('Interaction').find('id-1')).toEqual({ jti: 'id-1', uid: 'u', exp: 9 });
    expect(await adapter('AccessToken').find('id-1')).toBeUndefined();
    await adapter('Interaction').destroy('id-1');
    expect(await adapter('Interaction').find('id-1')).toBeUndefined();
    await adapter('Interaction').destroy('id-1');
  });

  it('lies under digests, and no value holds its own id', async () => {
    const puts = jest.spyOn(store, 'put');
    await adapter('AuthorizationCode').upsert('the-secret-code', { jti: 'the-secret-code', grantId: 'grant-1' }, 60);
    for (const [key, value] of puts.mock.calls) {
      expect(key).toMatch(/^oidc:[A-Za-z-]+\.[\w-]{43}$/);
      expect(`${key} ${Buffer.from(value).toString()}`).not.toContain('the-secret-code');
    }
    expect(puts).toHaveBeenCalled();
  });

  it('is no session: none is kept, none is found', async () => {
    const sessions = adapter('Session');
    await sessions.upsert('s', { jti: 's', uid: 'u' }, 600);
    expect(await sessions.find('s')).toBeUndefined();
    expect(await sessions.findByUid('u')).toBeUndefined();
    await sessions.destroy('s');
    expect((await store.usage()).usedBytes).toBe(0);
  });

  it('has an end, and a size', async () => {
    const tokens = adapter('AccessToken');
    await expect(tokens.upsert('t', { jti: 't' })).rejects.toThrow(TypeError);
    await tokens.upsert('t', { jti: 't' }, 60);
    await tokens.upsert('t', { jti: 't' }, 0); // saved again in its last second
    expect(await tokens.find('t')).toBeUndefined();
    const large = { jti: 't', scope: 'x'.repeat(17_000) };
    await expect(tokens.upsert('t', large, 60)).rejects.toMatchObject({ error: 'invalid_request' });
  });

  it.each([
    ['AuthorizationCode', 'invalid_grant'],
    ['PushedAuthorizationRequest', 'invalid_request_uri'],
  ])('is consumed once: %s, of a hundred at once', async (model, error) => {
    await adapter(model).upsert('x', { jti: 'x' }, 60);
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => adapter(model).consume('x')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ error });
    }
    expect(await adapter(model).find('x')).toMatchObject({ consumed: expect.any(Number) });
    await expect(adapter(model).consume('never-there')).rejects.toMatchObject({ error });
  });

  it('of a pushed request outlives every sign-in that it began, so that one of them is answered', async () => {
    const requests = adapter('PushedAuthorizationRequest');
    await requests.upsert('r', { jti: 'r', exp: 60 }, 60);
    milliseconds = 900_000;
    await requests.consume('r');
    milliseconds = 959_000;
    await expect(requests.consume('r')).rejects.toMatchObject({ error: 'invalid_request_uri' });
  });

  it('of a code outlives the code, so that a second use is seen as one', async () => {
    await adapter('AuthorizationCode').upsert('c', { jti: 'c', grantId: 'g', exp: 60 }, 60);
    await adapter('AuthorizationCode').consume('c');
    await adapter('AccessToken').upsert('a', { jti: 'a', grantId: 'g' }, 300);
    milliseconds = 200_000;
    await expect(adapter('AuthorizationCode').consume('c')).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await adapter('AccessToken').find('a')).toBeUndefined();
  });

  it('of an assertion is remembered once, of a hundred at once', async () => {
    const remember = () => adapter('ReplayDetection').upsert('j', { jti: 'j', iss: 'mailer' }, 60);
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, remember));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('of a grant goes with it, and what is born later is not kept', async () => {
    await adapter('Grant').upsert('g', { jti: 'g', clientId: 'archive' }, 600);
    await adapter('AuthorizationCode').upsert('c', { jti: 'c', grantId: 'g' }, 60);
    await adapter('AccessToken').upsert('a', { jti: 'a', grantId: 'g' }, 300);
    await adapter('AccessToken').upsert('other', { jti: 'other', grantId: 'h' }, 300);
    await adapter('AccessToken').revokeByGrantId('g');
    expect(await adapter('Grant').find('g')).toBeUndefined();
    expect(await adapter('AuthorizationCode').find('c')).toBeUndefined();
    expect(await adapter('AccessToken').find('a')).toBeUndefined();
    expect(await adapter('AccessToken').find('other')).toBeDefined();
    await adapter('AccessToken').upsert('late', { jti: 'late', grantId: 'g' }, 300);
    expect(await adapter('AccessToken').find('late')).toBeUndefined();
    await adapter('AccessToken').revokeByGrantId('never-there');
  });

  it('leaves nothing of a grant behind, in whichever order tokens and revocation arrive', async () => {
    for (let round = 0; round < 20; round++) {
      const grantId = `g-${round}`;
      const tokens = Array.from({ length: 8 }, (_, n) => `${grantId}-${n}`);
      const born = tokens.map((id) => adapter('AccessToken').upsert(id, { jti: id, grantId }, 300));
      const revoked = adapter('Grant').revokeByGrantId(grantId);
      await Promise.all([...born, revoked]);
      for (const id of tokens) expect(await adapter('AccessToken').find(id)).toBeUndefined();
    }
  });

  it('a code used a second time takes with it what the first use led to', async () => {
    await adapter('AuthorizationCode').upsert('c', { jti: 'c', grantId: 'g' }, 60);
    await adapter('AuthorizationCode').consume('c');
    await adapter('AccessToken').upsert('a', { jti: 'a', grantId: 'g' }, 300);
    await expect(adapter('AuthorizationCode').consume('c')).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await adapter('AccessToken').find('a')).toBeUndefined();
  });

  it('reads as absent when it is of another shape', async () => {
    await store.put(ephemeralKey('AccessToken', 'a'), Buffer.from('"text"'), 60);
    await store.put(ephemeralKey('AccessToken', 'b'), Buffer.from('{'), 60);
    expect(await adapter('AccessToken').find('a')).toBeUndefined();
    expect(await adapter('AccessToken').find('b')).toBeUndefined();
  });

  it('is temporarily unavailable when the store is full or gone, and a bug stays a bug', async () => {
    jest.spyOn(store, 'put').mockRejectedValueOnce(new EphemeralStoreFull());
    const tokens = adapter('AccessToken');
    const unavailable = { error: 'temporarily_unavailable', statusCode: 503 };
    await expect(tokens.upsert('a', { jti: 'a' }, 60)).rejects.toMatchObject(unavailable);
    jest.spyOn(store, 'put').mockRejectedValueOnce(new TypeError('a bug'));
    await expect(tokens.upsert('a', { jti: 'a' }, 60)).rejects.toThrow('a bug');
    await store.close();
    await expect(tokens.find('a')).rejects.toMatchObject(unavailable);
    await expect(tokens.consume('a')).rejects.toMatchObject(unavailable);
  });
});
