import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Program } from './program.ts';
import { runSegl, startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const mail = 'From: office@nordlys.example\r\nTo: anna@example.com\r\nSubject: x\r\n\r\nHello.\r\n';

describe('a program that asks the record', () => {
  let directory: string;
  let portal: RunningProcess;
  let sealer: Program;
  let token: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-asking-'));
    sealer = await Program.in(directory, ['@nordlys.example'], 'archive');
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const [publicKeyFile, key] = [join(directory, 'siem.pem'), join(directory, 'siem.key')];
    await writeFile(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const siem = { clientId: 'siem', kind: 'program', publicKeyFile, scopes: ['audit:read', 'audit:export'] };
    const configuration = join(directory, 'segl.yaml');
    await writeFile(configuration, JSON.stringify({ signIn: { clients: [sealer.client, siem] } }));
    portal = await startProcess({ dataDir: join(directory, 'data'), environment: { SEGL_CONFIG: configuration } });
    const scope = 'audit:read audit:export';
    token = runSegl('token', '--portal', portal.url.origin, '--client', 'siem', '--key', key, '--scope', scope).trim();
  }, 180_000);
  afterAll(async () => {
    await portal.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const ask = (place: string, question?: object, bearer = token): Promise<Response> =>
    fetch(new URL(`/api/v1/audit/${place}`, portal.url), {
      method: question === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', connection: 'close' },
      ...(question !== undefined && { body: JSON.stringify(question) }),
    });

  it('learns at once what was sealed, by the address, and takes the record away with its proof', async () => {
    const { next } = (await (await ask('feed?limit=1000')).json()) as { next: string };
    const waiting = ask(`feed?wait=60&after=${next}`);
    const sealed = await fetch(
      new URL('/api/v1/messages?from=office@nordlys.example&to=anna@example.com', portal.url),
      {
        method: 'POST',
        headers: { 'content-type': 'message/rfc822', authorization: `Bearer ${await sealer.accessToken(portal.url)}` },
        body: mail,
      },
    );
    expect(sealed.status).toBe(201);
    const heard = (await (await waiting).json()) as { events: { type: string }[] };
    expect(heard.events.map(({ type }) => type)).toContainEqual(
      expect.stringMatching(/^AuditTrailExported|MessageSealed$/),
    );

    type Page = { rows: { type: string; data: { recipient?: string } }[]; trail: { isCaughtUp: boolean } };
    const search = async (): Promise<Page> =>
      (await (await ask('search', { recipient: 'anna@example.com', types: ['MessageSealed'] })).json()) as Page;
    let page = await search();
    for (const until = Date.now() + 30_000; page.rows.length < 1 && Date.now() < until; page = await search());
    expect(page.rows.map(({ data }) => data.recipient)).toContain('anna@example.com');

    const exported = await ask('exports', { why: { caseNumber: '2026-1', reason: 'kept elsewhere' } });
    expect(exported.status).toBe(200);
    expect((await exported.text()).trimEnd().split('\n').at(-1)).toMatch(/^\{"end":\{"size":\d+\}\}$/);
    const note = await (await ask('log/checkpoint')).text();
    expect(note).toMatch(/^localhost(:\d+)?\/ledger\n\d+\n/);
    const { paths } = (await (await fetch(new URL('/api/v1/openapi.json', portal.url))).json()) as { paths: object };
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/api/v1/messages', '/api/v1/audit/search']));
  }, 120_000);

  it('is refused with a token for sealing, and stands in the record for it', async () => {
    const other = await sealer.accessToken(portal.url);
    const refused = await ask('search', {}, other);
    expect([refused.status, refused.headers.get('content-type')]).toEqual([
      403,
      expect.stringContaining('problem+json'),
    ]);
    const { events } = (await (await ask('feed?limit=1000')).json()) as { events: { type: string; data: object }[] };
    expect(events.filter(({ type }) => type === 'AuditAccessRefused').map(({ data }) => data)).toEqual([
      expect.objectContaining({ askedBy: 'archive', asked: 'search', reason: 'insufficient-scope' }),
    ]);
  }, 60_000);
});
