import { describe, expect, it } from '@jest/globals';
import { PersonDirectoryUnavailable } from '../../person/person-directory.ts';
import { isConflict, isLostConnection, unavailable } from './postgres-faults.ts';
import { refuseUnfitServer } from './postgres-schema.ts';
import { parsePostgresTarget, tlsOf } from './postgres-target.ts';

describe('the address of a PostgreSQL server', () => {
  it.each([
    ['postgres://segl@db.example.com/segl', { host: 'db.example.com', port: 5432, isEncrypted: true }],
    ['postgresql://segl@db.example.com:5433/segl?sslmode=verify-full', { port: 5433, isEncrypted: true }],
    ['postgres://segl@127.0.0.1/segl', { host: '127.0.0.1', isEncrypted: false }],
    ['postgres://segl@127.0.0.1/segl?sslmode=verify-full', { isEncrypted: true }],
    ['postgres://segl@localhost:1/segl?sslmode=disable', { host: 'localhost', port: 1, isEncrypted: false }],
    ['postgres://segl@[::1]/segl', { host: '::1', isEncrypted: false }],
    ['postgres://segl@[2001:db8::1]/segl', { host: '2001:db8::1', isEncrypted: true }],
    ['postgres://segl@%2Fvar%2Frun%2Fpostgresql/segl', { host: '/var/run/postgresql', isEncrypted: false }],
    ['postgres://the%20user@127.0.0.1/the%20base', { user: 'the user', database: 'the base' }],
  ])('%s', (url, expected) => {
    expect(parsePostgresTarget(url)).toMatchObject(expected);
  });

  it.each([
    ['sqlite:/persons.db', 'must be postgres://'],
    ['postgres:///segl', 'must be postgres://'],
    ['not a url', 'must be postgres://'],
    ['postgres://segl:open-sesame@db.example.com/segl', 'password'],
    ['postgres://db.example.com/segl', 'no user'],
    ['postgres://segl@db.example.com', 'no database'],
    ['postgres://segl@db.example.com/a/b', 'no database'],
    ['postgres://segl@db.example.com/%zz', 'percent-encoded'],
    ['postgres://segl@db.example.com/segl?sslmode=disable', 'plain'],
    ['postgres://segl@10.0.0.1/segl?sslmode=disable', 'plain'],
    ['postgres://segl@db.example.com/segl?sslmode=require', 'verify-full'],
    ['postgres://segl@db.example.com/segl?sslmode=verify-ca', 'verify-full'],
    ['postgres://segl@%2Frun%2Fpostgresql/segl?sslmode=verify-full', 'Unix socket'],
    ['postgres://segl@127.0.0.1/segl?password=open-sesame', 'no other parameter'],
    ['postgres://segl@127.0.0.1/segl?options=-c%20fsync=off', 'no other parameter'],
  ])('refuses %s, quoting nothing of it', (url, words) => {
    const parse = () => parsePostgresTarget(url);
    expect(parse).toThrow(PersonDirectoryUnavailable);
    expect(parse).toThrow(words);
    expect(parse).not.toThrow(/open-sesame|example\.com|10\.0\.0\.1/);
  });

  it('takes a CA file only where it is of use, and only one that holds a certificate', async () => {
    const [plain, encrypted] = ['localhost', 'db.example.com'].map((host) =>
      parsePostgresTarget(`postgres://segl@${host}/segl`),
    );
    if (plain === undefined || encrypted === undefined) throw new Error('two hosts');
    await expect(tlsOf(plain, '/etc/passwd')).rejects.toThrow('not encrypted');
    await expect(tlsOf(encrypted, '/etc/passwd')).rejects.toThrow('no certificate');
    await expect(tlsOf(encrypted, '/nowhere.pem')).rejects.toThrow('cannot be read (ENOENT)');
    expect(await tlsOf(encrypted, undefined)).toMatchObject({ rejectUnauthorized: true });
  });
});

describe('what PostgreSQL says', () => {
  const said = (code: string, message = 'at 10.1.2.3, Key (person_id)=(abc)') =>
    Object.assign(new Error(message), { code, severity: 'ERROR', detail: 'Key (person_id)=(abc)' });
  const nodeSaid = (code: string) => Object.assign(new Error(`connect ${code} 10.1.2.3:5432`), { code });

  it.each([
    [said('53100'), 'its disk is full (SQLSTATE 53100)'],
    [said('25006'), 'read-only'],
    [said('42501'), 'grants'],
    [said('99999'), 'it refuses (SQLSTATE 99999)'],
    [nodeSaid('ECONNREFUSED'), 'nothing listens there (ECONNREFUSED)'],
    [nodeSaid('EWHATEVER'), 'the connection failed (EWHATEVER)'],
    [new Error('Query read timeout'), 'does not answer'],
    [new Error('timeout exceeded when trying to connect'), 'no connection of the pool became free'],
    [new Error('Connection terminated unexpectedly'), 'the connection broke'],
    [new Error('something with 10.1.2.3 in it'), 'the client failed'],
    [null, 'the client failed'],
  ])('%s is told in words, without hosts and persons', (error, words) => {
    const fault = unavailable(error);
    expect(fault.message).toContain(words);
    expect(JSON.stringify([fault.message, fault.cause])).not.toMatch(/10\.1\.2\.3|abc/);
  });

  it('tells a lost connection and a conflict from what another attempt does not mend', () => {
    expect(
      [said('57P01'), nodeSaid('ECONNRESET'), new Error('Connection terminated unexpectedly')].every(isLostConnection),
    ).toBe(true);
    expect([said('53100'), nodeSaid('ECONNREFUSED'), new Error('Query read timeout')].some(isLostConnection)).toBe(
      false,
    );
    expect([said('40P01'), said('23505')].every(isConflict)).toBe(true);
    expect([said('42501'), nodeSaid('ECONNRESET')].some(isConflict)).toBe(false);
  });

  it('of itself decides whether persons are kept there', async () => {
    const fit = { version: 150_000, release: '15.0', standby: false, fsync: 'on' };
    const server = (what: object) => refuseUnfitServer(async <Row>() => [{ ...fit, ...what }] as Row[]);
    await server({});
    await expect(server({ version: 140_012, release: '14.12 (Debian 14.12-1)' })).rejects.toThrow(
      'PostgreSQL 15 or newer is needed, and this is 14.12',
    );
    await expect(server({ standby: true })).rejects.toThrow('standby');
    await expect(server({ fsync: 'off' })).rejects.toThrow('fsync is off');
    await expect(refuseUnfitServer(async () => [])).rejects.toThrow(PersonDirectoryUnavailable);
  });
});
