import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { instantOf, parseMailAddress } from '#libs/vocabulary';
import type { BridgeProof } from '../proof.ts';
import { digestOf } from '#libs/vocabulary';
import { SignInOutcomes } from './sign-in-outcomes.ts';

const owner = { uid: 'u', browserId: 'browser' };
const proofOf = (address: string): BridgeProof => ({
  ...{ address: parseMailAddress(address), method: 'passcode', issuer: 'https://portal.example/oidc', subject: 's' },
  ...{ provenAt: instantOf('2026-11-30T12:00:00Z'), roles: [] },
});

describe('what waits for its sign-in', () => {
  let store: MemoryEphemeralStore;
  let outcomes: SignInOutcomes;
  beforeEach(() => {
    store = new MemoryEphemeralStore({ maxBytes: 1e6 });
    outcomes = new SignInOutcomes(store);
  });
  afterEach(() => store.close());

  it('is taken by its own browser and sign-in alone, whoever tried before, and once of a hundred at once', async () => {
    const proof = proofOf('anna@example.com');
    const outcomeId = await outcomes.leave({ uid: 'u', browserDigest: digestOf('browser') }, { kind: 'proven', proof });
    expect(await outcomes.take(outcomeId, { ...owner, browserId: 'another' })).toBeNull();
    expect(await outcomes.take(outcomeId, { ...owner, uid: 'another' })).toBeNull();
    const taken = await Promise.all(Array.from({ length: 100 }, () => outcomes.take(outcomeId, owner)));
    expect(taken.filter((one) => one !== null)).toEqual([{ kind: 'proven', proof }]);
  });

  it('is looked at and taken in one step: a proof that took its place is judged by itself', async () => {
    const [stated, byAccount] = [proofOf('info@stated.example'), proofOf('info@account.example')];
    const mayLeave = ({ address }: BridgeProof) => address === stated.address;
    await outcomes.keepPending(owner, stated);
    // Between the look and the taking, as a second tab does it.
    const { get } = store;
    let looks = 0;
    store.get = async (key) => {
      const found = await get.call(store, key);
      if (looks++ === 0) await outcomes.keepPending(owner, byAccount);
      return found;
    };
    expect(await outcomes.takePending(owner, mayLeave)).toBeNull();
    expect(await outcomes.pending(owner)).toEqual(byAccount);
  });
});
