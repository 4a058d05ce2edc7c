import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_STORES } from '#libs/event-store/testing';
import { Installation } from './installation.ts';
import { programWithKeyFile } from './program.ts';
import type { AskingProgram } from './program.ts';

describe.each(EVENT_STORES)('a program that asks the record, on $store', ({ serve }) => {
  let here: Installation;
  let siem: AskingProgram;
  let token: string;

  beforeAll(async () => {
    here = await Installation.start({
      serve,
      async settings({ directory, program }) {
        siem = await programWithKeyFile(directory, 'siem', ['audit:read', 'audit:export']);
        return { signIn: { clients: [program.client, siem.client] } };
      },
    });
    token = await siem.token(here.url);
  }, 180_000);
  afterAll(() => here?.end(), 60_000);

  const ask = (place: string, question?: object, bearer = token): Promise<Response> =>
    fetch(new URL(`/api/v1/audit/${place}`, here.url), {
      method: question === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', connection: 'close' },
      ...(question !== undefined && { body: JSON.stringify(question) }),
    });

  it('learns at once what was sealed, by the address, and takes the record away with its proof', async () => {
    const { next } = (await (await ask('feed?limit=1000')).json()) as { next: string };
    const waiting = ask(`feed?wait=60&after=${next}`);
    const sealed = await here.program.seal(here.url, 'anna@example.com');
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
    const checkpoint = async () => (await ask('log/checkpoint')).text(); // of the tree that is read: a moment behind the record
    let note = await checkpoint();
    for (const until = Date.now() + 30_000; note.startsWith('{') && Date.now() < until; note = await checkpoint());
    expect(note).toMatch(/^localhost(:\d+)?\/ledger\n\d+\n/);
    const { paths } = (await (await fetch(new URL('/api/v1/openapi.json', here.url))).json()) as { paths: object };
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/api/v1/messages', '/api/v1/audit/search']));
  }, 120_000);

  it('is refused with a token for sealing, and stands in the record for it', async () => {
    const other = await here.program.accessToken(here.url);
    const refused = await ask('search', {}, other);
    expect([refused.status, refused.headers.get('content-type')]).toEqual([
      403,
      expect.stringContaining('problem+json'),
    ]);
    const { events } = (await (await ask('feed?limit=1000')).json()) as { events: { type: string; data: object }[] };
    expect(events.filter(({ type }) => type === 'AuditAccessRefused').map(({ data }) => data)).toEqual([
      expect.objectContaining({ askedBy: 'office', asked: 'search', reason: 'insufficient-scope' }),
    ]);
  }, 60_000);
});
