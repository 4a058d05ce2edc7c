import { describe, expect, it } from '@jest/globals';
import { KeyringFault, PersonDirectoryUnavailable } from '#libs/keyring';
import type { Instant } from '#libs/vocabulary';
import { ProvidersInTrouble } from './providers-in-trouble.ts';
import type { Settings } from '../settings/settings.ts';
import { checksFor, leavesReady } from './checks.ts';
import { Readiness } from './readiness.ts';

const well = () => Promise.resolve();

async function readyWith(failing: { persons?: Error; keyring?: Error; eventStore?: Error }, hosts: string[] = []) {
  const failsWith = (error: Error | undefined) => () => (error === undefined ? well() : Promise.reject(error));
  const checks = [
    { part: 'event store', isTold: true, check: failsWith(failing.eventStore) },
    { part: 'person directory', isTold: false, check: failsWith(failing.persons) },
    { part: 'ephemeral store', isTold: true, check: well },
    { part: 'keyring', isTold: false, check: failsWith(failing.keyring) },
  ];
  const { isReady, text } = await new Readiness(checks, hosts).ask();
  return { status: isReady ? 200 : 503, body: text };
}

describe('/readyz, which anybody may ask', () => {
  it('asks its parts once at a time, and once a second, however often it is asked, and says how old the answer is', async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let asked = 0;
    const check = () => gates[asked++]?.promise ?? well();
    const readiness = new Readiness([{ part: 'event store', isTold: true, check }]);
    const answers = Array.from({ length: 50 }, () => readiness.ask());
    expect(asked).toBe(1);
    gates[0]?.reject(new Error('the disk is full'));
    for (const answer of await Promise.all(answers)) expect(answer.isReady).toBe(false);
    expect((await readiness.ask()).isReady).toBe(false);
    expect(asked).toBe(1);
    gates[1]?.resolve();
    const since = performance.now();
    let latest = await readiness.ask();
    while (!latest.isReady) {
      expect(latest.ageSeconds).toBeLessThan(1.5);
      await new Promise((resolve) => setTimeout(resolve, 20));
      latest = await readiness.ask();
    }
    expect(performance.now() - since).toBeLessThan(10_000);
    expect(asked).toBe(2);
  });

  it('is 200 when all is well', async () => {
    expect(await readyWith({})).toEqual({ status: 200, body: 'ready\n' });
  });

  it('names each part that is not, and no path of this machine', async () => {
    const answer = await readyWith({
      eventStore: new Error('the disk of the event store is full: free some space'),
      persons: new PersonDirectoryUnavailable('the person directory /var/lib/segl/persons.sqlite cannot be used: …'),
      keyring: new KeyringFault(['the keyring at /etc/segl/keyring has no usable sealing key']),
    });
    expect(answer.status).toBe(503);
    expect(answer.body.split('\n')).toEqual([
      'event store: the disk of the event store is full: free some space',
      'person directory: cannot be used; the log says why',
      'keyring: cannot be used; the log says why',
      '',
    ]);
  });

  it('tells the reason of a server that is away, and neither its name nor its address', async () => {
    const reason =
      'es-1.internal:2113 does not answer (connect ECONNREFUSED 10.1.2.3:2113, [fe80::1]:2113); tried esdb://es-1.internal:2113?tls=true with /run/secrets/ca.pem';
    const { body } = await readyWith({ eventStore: new Error(reason) }, ['es-1.internal:2113', 'es-1.internal']);
    expect(body).toContain('does not answer (connect ECONNREFUSED');
    expect(body).not.toMatch(/internal|10\.1|fe80|2113|secrets/);
  });

  it('is ready with a warning where there are other ways in, and names no host of a provider', async () => {
    const inTrouble = { cause: 'id.internal:8443: ECONNREFUSED', since: '2026-11-30T08:00:00.000Z' as Instant };
    const troubles = [{ upstream: 'staff', name: 'Staff', issuer: 'https://id.internal:8443', ...inTrouble }];
    const check = () => Promise.reject(new ProvidersInTrouble(troubles));
    const checks = [
      { part: 'event store', isTold: true, check: well },
      { part: 'account providers', isTold: true, onlyWarns: true, check },
    ];
    const answer = await new Readiness(checks, ['id.internal:8443', 'id.internal']).ask();
    expect(answer).toMatchObject({
      isReady: true,
      text: 'ready\nwarning: account providers: Staff (staff) since 2026-11-30T08:00:00.000Z: …: ECONNREFUSED\n',
      reasons: '',
    });
  });
});

describe('what is not well in a role', () => {
  const heldUpBy = (roles: Settings['roles']): string[] => {
    const smtp = { clients: [{ clientId: 'x' }] };
    const settings = {
      ...{ roles, smtp, demonstration: false, ephemeralStore: 'memory:', dataDir: '/x', eventStore: 'sqlite:/x' },
      ...{ personKeys: 'sqlite:/x', ledger: { witnesses: [] }, console: { noticesTo: [] }, canary: {}, retention: {} },
      ...{ signIn: { microsoft: [], google: [], organisation: [], clients: [] }, gateway: {}, relayUrl: 'smtp://x' },
    } as unknown as Settings;
    return checksFor('readiness', settings).flatMap((check) => (leavesReady(check, settings) ? [] : [check.part]));
  };
  const forReaders = ['keyring', 'event store', 'person directory', 'ephemeral store'];

  it('turns no reader away who does not need it; a log that contradicts what was signed does', () => {
    expect(heldUpBy(['portal', 'gateway', 'console'])).toEqual([...forReaders, 'ledger']);
    expect(heldUpBy(['portal'])).toEqual(forReaders);
  });

  it('holds up who is there for it alone', () => {
    expect(heldUpBy(['gateway'])).toEqual(['keyring', 'event store', 'person directory', 'outbox', 'mail coming in']);
    expect(heldUpBy(['console'])).toEqual([
      ...['keyring', 'event store', 'person directory', 'read models', 'ledger', 'checkpoints'],
    ]);
    expect(heldUpBy(['gateway', 'console'])).toContain('outbox');
    expect(heldUpBy(['gateway', 'console'])).not.toContain('read models');
  });
});
