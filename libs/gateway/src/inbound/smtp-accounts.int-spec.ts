import { beforeAll, describe, expect, it } from '@jest/globals';
import { argon2id, hash } from 'argon2';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { GuessPace } from './guess-pace.ts';
import type { SmtpClient } from './inbound-settings.ts';
import { SmtpAccounts } from './smtp-accounts.ts';

const rest = { networks: [], certificateNames: [], certificateFingerprints: [], senders: [] };
let clients: SmtpClient[];
beforeAll(async () => {
  const passwordHash = await hash('right', { type: argon2id, memoryCost: 1024, timeCost: 1 });
  clients = [
    { ...rest, clientId: 'network-alone', passwordHash: null },
    { ...rest, clientId: 'crm', passwordHash },
  ];
});
const enhanced = (code: string) => ({ refusal: expect.objectContaining({ enhanced: code }) });

describe('a login', () => {
  it('wants the right password of that user', async () => {
    const accounts = new SmtpAccounts(clients);
    expect(await accounts.logIn('crm', 'right', 'a')).toEqual({ client: clients[1] });
    expect(await accounts.logIn('crm', 'wrong', 'a')).toEqual(enhanced('5.7.8'));
    expect(await accounts.logIn('stranger', 'right', 'a')).toEqual(enhanced('5.7.8'));
    expect(await accounts.logIn('network-alone', 'right', 'a')).toEqual(enhanced('5.7.8'));
  });

  it('is paced after five failures, for that network alone, and for ten minutes', async () => {
    let now = 0;
    const accounts = new SmtpAccounts(clients, new GuessPace(null, () => now));
    for (let guess = 0; guess < 5; guess++) await accounts.logIn('crm', 'wrong', 'a');
    expect(await accounts.logIn('crm', 'right', 'a')).toEqual(enhanced('4.7.0'));
    expect(await accounts.logIn('crm', 'right', 'b')).toEqual({ client: clients[1] });
    now += 10 * 60_000;
    expect(await accounts.logIn('crm', 'right', 'a')).toEqual({ client: clients[1] });
  });

  it('is paced within the line too: of many guesses at once, few are checked', async () => {
    const accounts = new SmtpAccounts(clients);
    const guesses = await Promise.all(Array.from({ length: 20 }, () => accounts.logIn('crm', 'wrong', 'a')));
    const checked = guesses.filter((login) => 'refusal' in login && login.refusal.enhanced === '5.7.8');
    expect([5, 6]).toContain(checked.length); // two are checked at once
  });

  it('takes room in the shared store only once it has failed', async () => {
    const store = new MemoryEphemeralStore({ maxBytes: 1024 * 1024 });
    const accounts = new SmtpAccounts(clients, new GuessPace(store));
    for (let network = 0; network < 5; network++) await accounts.logIn('crm', 'right', `${network}`);
    expect((await store.usage()).usedBytes).toBe(0);
    await accounts.logIn('crm', 'wrong', 'a');
    expect((await store.usage()).usedBytes).toBeGreaterThan(0);
    await store.close();
  });

  it('waits in a line that has an end', async () => {
    const accounts = new SmtpAccounts(clients);
    const logins = await Promise.all(
      Array.from({ length: 30 }, (_, each) => accounts.logIn('crm', 'right', `${each}`)),
    );
    expect(logins.filter((login) => 'client' in login)).toHaveLength(22);
    expect(logins.at(-1)).toEqual(enhanced('4.7.0'));
  });
});

it('remembers a bounded number of networks', async () => {
  const pace = new GuessPace(null, () => 0);
  for (let guess = 0; guess < 5; guess++) await pace.hasFailed('first');
  expect(await pace.mayTry('first')).toBe(false);
  for (let network = 0; network < 10_000; network++) await pace.hasFailed(`${network}`);
  expect(await pace.mayTry('first')).toBe(true);
});

it('is one pace for all gateways on a store, and for each by itself while that is away', async () => {
  let now = 0;
  const store = new MemoryEphemeralStore({ maxBytes: 1024 * 1024, clock: () => now });
  const [one, other] = [1, 2].map(() => new SmtpAccounts(clients, new GuessPace(store, () => now))) as [
    SmtpAccounts,
    SmtpAccounts,
  ];
  for (let guess = 0; guess < 5; guess++) await (guess % 2 === 0 ? one : other).logIn('crm', 'wrong', 'a');
  for (const gateway of [one, other]) {
    expect(await gateway.logIn('crm', 'right', 'a')).toEqual(enhanced('4.7.0'));
    expect(await gateway.logIn('crm', 'right', 'b')).toEqual({ client: clients[1] });
  }
  now += 10 * 60_000;
  expect(await other.logIn('crm', 'right', 'a')).toEqual({ client: clients[1] });
  await store.close();
  expect(await one.logIn('crm', 'right', 'a')).toEqual({ client: clients[1] });
  for (let guess = 0; guess < 5; guess++) await one.logIn('crm', 'wrong', 'a');
  expect(await one.logIn('crm', 'right', 'a')).toEqual(enhanced('4.7.0'));
  expect(await other.logIn('crm', 'right', 'a')).toEqual({ client: clients[1] });
});
