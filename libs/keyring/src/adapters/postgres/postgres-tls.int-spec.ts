import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import { temporaryKeyring } from '../../testing/temporary-keyring.ts';
import type { TemporaryKeyring } from '../../testing/temporary-keyring.ts';
import { postgresBinaries, startTemporaryPostgres } from '../../testing/temporary-postgres.ts';
import type { TemporaryPostgres } from '../../testing/temporary-postgres.ts';
import { PostgresPersonDirectory } from './postgres-person-directory.ts';
import type { PostgresPersonDirectoryOptions } from './postgres-person-directory.ts';

const withPostgres = postgresBinaries() === null ? describe.skip : describe;
jest.setTimeout(120_000); // servers start; a busy machine takes its time
const anna = parseMailAddress('anna@example.com');
const password = 'open sesame';

withPostgres('the way to PostgreSQL', () => {
  let directory: string;
  let server: TemporaryPostgres;
  let plainServer: TemporaryPostgres;
  let keys: TemporaryKeyring;
  let caFile: string;
  let otherCaFile: string;
  let passwordFile: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-tls-'));
    keys = await temporaryKeyring();
    [caFile, otherCaFile] = [await selfSigned('ca', 'IP:127.0.0.1'), await selfSigned('other', 'IP:127.0.0.1')];
    passwordFile = await written('password', `${password}\n`);
    const tls = { certificate: await readFile(caFile, 'utf8'), key: await readFile(join(directory, 'ca.key'), 'utf8') };
    server = await startTemporaryPostgres({ password, tls });
    plainServer = await startTemporaryPostgres();
  });

  afterAll(async () => {
    await server.remove();
    await plainServer.remove();
    await keys.remove();
    await rm(directory, { recursive: true, force: true });
  });

  it('is encrypted, with the certificate and its name verified', async () => {
    const persons = await PostgresPersonDirectory.open(encrypted(), keys.keyring, { caFile, passwordFile });
    await persons.findOrCreate(anna);
    const sql = `SELECT DISTINCT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'segl'`;
    expect(await server.query(sql)).toEqual([{ ssl: true, version: 'TLSv1.3' }]);
    await persons.close();
  });

  it('is not gone where the certificate is not what it must be', async () => {
    expect(await refusal({ caFile: otherCaFile, passwordFile })).toMatch(
      /not signed by an authority in the CA file \(/,
    );
    expect(await refusal({ passwordFile })).toMatch(/not signed by an authority/);
    const byName = encrypted().replace('127.0.0.1', 'localhost'); // the certificate is for the address alone
    expect(await refusal({ caFile, passwordFile }, byName)).toContain('not for this host name');
    const plain = `${plainServer.url}?sslmode=verify-full`;
    expect(await refusal({ caFile, passwordFile }, plain)).toContain('offers no TLS');
  });

  it('is not gone without the password, which a file holds and no variable', async () => {
    const wrong = await written('wrong', 'open barley');
    process.env['PGPASSWORD'] = password;
    try {
      expect(await refusal({ caFile })).toContain('asks for a password: name a password file');
      expect(await refusal({ caFile, passwordFile: wrong })).toContain('refuses the password');
      expect(await refusal({ caFile, passwordFile: join(directory, 'none') })).toContain('cannot be read (ENOENT)');
      expect(await refusal({ caFile, passwordFile: await written('empty', '\n') })).toContain('is empty');
    } finally {
      delete process.env['PGPASSWORD'];
    }
    expect(await refusal({ caFile, passwordFile }, encrypted().replace('/segl?', '/nowhere?'))).toContain(
      'no such database',
    );
  });

  it('follows a password that changes', async () => {
    const changing = await written('changing', password);
    await server.query(`CREATE ROLE app LOGIN SUPERUSER PASSWORD '${password}'`);
    const url = encrypted().replace('segl@', 'app@');
    const persons = await PostgresPersonDirectory.open(url, keys.keyring, { caFile, passwordFile: changing });
    await server.query(`ALTER ROLE app PASSWORD 'another'`);
    await server.query(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'app'`);
    await expect(persons.find(anna)).rejects.toThrow('refuses the password');
    await writeFile(changing, 'another');
    expect(await persons.findOrCreate(anna)).toBeDefined();
    await persons.close();
  });

  it('may be a Unix socket', async () => {
    const url = `postgres://segl@${encodeURIComponent(plainServer.socketDirectory)}:${plainServer.port}/segl`;
    const persons = await PostgresPersonDirectory.open(url, keys.keyring);
    await persons.checkWritable();
    await persons.close();
  });

  const encrypted = () => `${server.url}?sslmode=verify-full`;

  /** What is said of a directory that cannot be opened; never where it is, nor anything secret. */
  async function refusal(options: PostgresPersonDirectoryOptions, url = encrypted()): Promise<string> {
    const outcome = await PostgresPersonDirectory.open(url, keys.keyring, options).then(
      () => 'opened',
      (error: Error) => `${error.message} ${JSON.stringify(error)} ${String(error.cause)}`,
    );
    expect(outcome).not.toMatch(new RegExp(`127\\.0\\.0\\.1|localhost|${server.port}|sesame|barley`));
    return outcome;
  }

  async function written(name: string, text: string): Promise<string> {
    await writeFile(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  }

  /** @returns the path of the certificate; its key stands beside it */
  async function selfSigned(name: string, subject: string): Promise<string> {
    const [certificate, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)];
    const command = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${subject}`];
    await promisify(execFile)('openssl', [...command, ...names, '-keyout', key, '-out', certificate]);
    return certificate;
  }
});
