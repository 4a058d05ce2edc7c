import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore, putJson } from '#libs/ephemeral-store';
import { digestOf, FixedClock, instantOf, newPersonId, parseMailAddress, plusSeconds } from '#libs/vocabulary';
import { endSessionsOf, openSessionsOf, PortalSessions, proofOf } from './portal-session.ts';

const anna = parseMailAddress('anna@example.com');

describe('a portal session', () => {
  let clock: FixedClock;
  let store: MemoryEphemeralStore;
  let sessions: PortalSessions;
  let proof: Parameters<PortalSessions['begin']>[1];

  beforeEach(async () => {
    clock = new FixedClock(instantOf('2026-11-22T08:00:00Z'));
    store = new MemoryEphemeralStore({ maxBytes: 1024 * 1024, clock: () => Date.parse(clock.now()) });
    sessions = new PortalSessions(store, { sessionIdleSeconds: 1800, sessionMaxSeconds: 28_800 });
    const personId = newPersonId();
    proof = {
      address: anna,
      personId,
      method: 'passcode' as const,
      issuer: 'https://post.example.com/oidc',
      subject: personId,
      provenAt: clock.now(),
    };
    await sessions.begin('one', proof, clock.now());
  });
  afterEach(() => store.close());

  const isThere = async (sessionId = 'one') => (await sessions.touch(sessionId, clock.now())) !== null;

  it('holds a proof of one address, byte for byte', async () => {
    const session = await sessions.touch('one', clock.now());
    expect(proofOf(session, anna)?.method).toBe('passcode');
    expect(proofOf(session, parseMailAddress('anna@example.co'))).toBeNull();
    expect(proofOf(null, anna)).toBeNull();
  });

  it('ends after 30 minutes without a request, and each request begins them anew', async () => {
    clock.advance(1799);
    expect(await isThere()).toBe(true);
    clock.advance(1799);
    expect(await isThere()).toBe(true);
    clock.advance(1800);
    expect(await isThere()).toBe(false);
  });

  it('ends where it falls off the list by which it could be found and ended', async () => {
    for (let more = 0; more < 99; more++) await sessions.begin(`more-${more}`, proof, clock.now());
    expect(await isThere()).toBe(true);
    await sessions.begin('one more', proof, clock.now());
    expect([await isThere(), await isThere('more-0')]).toEqual([false, true]);
  });

  it('ends where all of its person were ended while it began', async () => {
    const put = store.put.bind(store);
    store.put = async (key, value, ttlSeconds) => {
      if (key.startsWith('session:')) await endSessionsOf(store, proof.personId);
      return put(key, value, ttlSeconds);
    };
    await sessions.begin('two', proof, clock.now());
    store.put = put;
    expect([await isThere(), await isThere('two')]).toEqual([false, false]);
  });

  it('ends 8 hours after sign-in, however busy it was', async () => {
    for (let minutes = 0; minutes < 479; minutes++) {
      clock.advance(60);
      expect(await isThere()).toBe(true);
    }
    clock.advance(60);
    expect(await isThere()).toBe(false);
  });

  it('ends 8 hours after sign-in by the time of the store, where the clock on the wall was set back', async () => {
    const dayBefore = () => plusSeconds(clock.now(), -86_400);
    for (let minutes = 0; minutes < 479; minutes++) {
      clock.advance(60);
      expect(await sessions.touch('one', dayBefore())).not.toBeNull();
    }
    expect(await openSessionsOf(store, proof.personId)).toHaveLength(1); // as long as it is open somebody can end it
    clock.advance(60);
    expect(await sessions.touch('one', dayBefore())).toBeNull();
  });

  it('that a process of an older release began goes on, by the clock on the wall', async () => {
    const session = { startedAt: clock.now(), proofs: [proof] };
    await putJson(store, `session:${digestOf('older')}`, session, 1800);
    clock.advance(1799);
    expect(await isThere('older')).toBe(true);
  });

  it('is found under its own id alone, and is gone after a sign-out', async () => {
    expect(await isThere('two')).toBe(false);
    await sessions.end('one');
    expect(await isThere()).toBe(false);
  });

  it('ends with its person, in whichever browser, and no other person’s does', async () => {
    const other = { ...proof, personId: newPersonId() };
    await sessions.begin('two', proof, clock.now());
    await sessions.begin('three', other, clock.now());
    expect(await endSessionsOf(store, proof.personId)).toBe(2);
    expect([await isThere('one'), await isThere('two'), await isThere('three')]).toEqual([false, false, true]);
  });
});
