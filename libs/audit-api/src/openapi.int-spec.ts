import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { frozenEvents, frozenPersons } from '#libs/audit/testing';
import { auditApi } from './openapi.ts';
import { openAuditApiRoom } from './testing/audit-api-room.ts';
import type { AuditApiRoom } from './testing/audit-api-room.ts';

const frozen = frozenEvents().filter(({ type }) => type !== 'CheckpointSigned');
const messageId = frozen.find(({ type }) => type === 'MessageViewed')?.stream.slice('message-'.length);
const [, readerId] = [...frozenPersons().keys()];
const ajv = new Ajv2020({ strict: false, validateFormats: false, schemas: [{ $id: 'api', ...auditApi }] });

/** What the document says of one answer, as a JSON pointer into it. */
function saidOf(path: string, method: string, status: number, mediaType: string): string {
  const place = ['paths', path, method, 'responses', String(status), 'content', mediaType, 'schema'];
  return `api#/${place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
}

describe('the document of the audit API', () => {
  let room: AuditApiRoom;
  beforeAll(async () => {
    room = await openAuditApiRoom();
    await room.holds(frozen);
    await room.keeper.signNow();
    await room.runner.caughtUp();
  });
  afterAll(() => room.close());

  it('says of every route, and of no other', () => {
    const { stack } = room.app.getHttpAdapter().getInstance().router as unknown as {
      stack: { route?: { path: string; methods: Record<string, boolean> } }[];
    };
    const routes = stack.flatMap(({ route }) =>
      route ? Object.keys(route.methods).map((method) => `${method} ${route.path.replace(/[:*](\w+)/g, '{$1}')}`) : [],
    );
    const said = Object.entries(auditApi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(routes.sort()).toEqual(said.sort());
  });

  it.each<[string, string, string, unknown]>([
    ['post', 'search', 'search', { limit: 1000 }],
    ['post', 'search', 'search', { person: 'nobody@example.org', personal: false }],
    ['post', 'search', 'search', { limit: 0 }],
    ['get', 'messages/{messageId}/timeline', `messages/${messageId}/timeline`, null],
    ['get', 'messages/{messageId}/timeline', 'messages/x/timeline', null],
    ['post', 'persons/timeline', 'persons/timeline', { person: readerId, order: 'newest-first' }],
    ['get', 'feed', 'feed?limit=1000', null],
    ['get', 'feed', 'feed?limit=1001', null],
    ['post', 'exports', 'exports', { form: 'xml' }],
    ['post', 'exports', 'exports', { approval: 'x' }],
    ['post', 'exports/requests', 'exports/requests', { why: { caseNumber: '2026-77', reason: 'court order' } }],
    ['post', 'exports/requests', 'exports/requests', {}],
    ['get', 'proofs/inclusion', 'proofs/inclusion?index=1', null],
    ['get', 'proofs/consistency', 'proofs/consistency?from=1', null],
    ['get', 'log/tile/{path}', 'log/tile/0/001', null],
  ])('says what is answered: %s %s (%s)', async (method, path, place, question) => {
    const token = /^(feed|exports|log)/.test(place) ? 'siem-token' : 'reading-token';
    const answer = method === 'get' ? await room.get(place, token) : await room.post(place, question, token);
    const mediaType = answer.headers.get('content-type')?.split(';')[0] ?? '';
    const isSaid = ajv.getSchema(saidOf(`/api/v1/audit/${path}`, method, answer.status, mediaType));
    expect([answer.status, isSaid !== undefined]).toEqual([answer.status, true]);
    const isAsSaid = isSaid?.(await answer.json());
    expect([isAsSaid, isSaid?.errors ?? []]).toEqual([true, []]);
  });

  it('takes the fields that it says, each of them', async () => {
    const body = JSON.stringify(auditApi.paths['/api/v1/audit/search']?.['post']);
    const { properties } = (
      JSON.parse(body) as {
        requestBody: { content: { 'application/json': { schema: { properties: Record<string, unknown> } } } };
      }
    ).requestBody.content['application/json'].schema;
    for (const field of Object.keys(properties)) {
      const answer = await room.post('search', { [field]: null });
      expect([field, await answer.json()]).toEqual([
        field,
        expect.objectContaining({ field, detail: expect.not.stringContaining('no such field') }),
      ]);
    }
  });
});
