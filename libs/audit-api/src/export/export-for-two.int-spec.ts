import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportLines, readTrustedKey, verifierKey, verifyExport } from '#libs/audit';
import { frozenEvents, frozenPersons } from '#libs/audit/testing';
import { ConfirmAct, ConfirmActHandler, DeclineAct, DeclineActHandler } from '#libs/compliance';
import type { ProposalId } from '#libs/compliance';
import { openAuditApiRoom } from '../testing/audit-api-room.ts';
import type { AuditApiRoom } from '../testing/audit-api-room.ts';

const frozen = frozenEvents().filter(({ type }) => type !== 'CheckpointSigned');
const messageId = frozen.find(({ type }) => type === 'MessageViewed')?.stream.slice('message-'.length);
const [, readerId] = [...frozenPersons().keys()];
const why = { caseNumber: '2026-77', reason: 'court order' };

describe('exports of programs that take two persons', () => {
  let room: AuditApiRoom;
  beforeAll(async () => {
    room = await openAuditApiRoom({ exportsTakeTwo: true });
    await room.holds(frozen);
  });
  afterAll(() => room.close());

  const take = (question: object, token = 'siem-token') => room.post('exports', question, token);
  const problemOf = async (answer: Response) => [answer.status, ((await answer.json()) as { type: string }).type];
  async function request(question: object): Promise<ProposalId> {
    const answer = await room.post('exports/requests', { ...question, why }, 'siem-token');
    expect(answer.status).toBe(202);
    return ((await answer.json()) as { approval: ProposalId }).approval;
  }
  const confirm = (approval: ProposalId, by = 'olga') => {
    const reach = {} as ConstructorParameters<typeof ConfirmActHandler>[1]; // an export reaches nothing
    return new ConfirmActHandler(room.store, reach, room.clock).execute(new ConfirmAct(approval, by));
  };
  const exports = async () => (await room.auditing()).filter(({ type }) => type === 'AuditTrailExported');
  const notApproved = [403, 'urn:segl:problem:export-not-approved'];

  it.each([{}, { form: 'csv' }, { reader: readerId }, { types: ['MessageViewed'], from: '2026-01-01' }, { since: 1 }])(
    'are refused alone: %j',
    async (question) => {
      const before = await exports();
      expect(await problemOf(await take(question))).toEqual([403, 'urn:segl:problem:second-person-needed']);
      expect(await exports()).toEqual(before);
    },
  );

  it('need none for one message, and for nobody', async () => {
    const answer = await take({ message: messageId });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('MessageViewed');
    const nobody = await take({ reader: 'nobody@example.org' });
    expect([nobody.status, (await nobody.text()).includes('"record"')]).toEqual([200, false]);
  });

  it('are taken once, as they were asked for, when an officer has confirmed them', async () => {
    const approval = await request({ reader: readerId, form: 'csv' });
    expect(await problemOf(await take({ approval }))).toEqual(notApproved);
    await confirm(approval);
    for (const beside of [{ reader: readerId }, { form: 'ndjson' }, { fromIndex: 1 }, { why: { reason: 'x' } }])
      expect((await take({ approval, ...beside })).status).toBe(400);
    expect(await problemOf(await take({ approval }, 'vault-token'))).toEqual(notApproved);
    const [one, other] = await Promise.all([take({ approval }), take({ approval })]);
    const [taken, refused] = one.status === 200 ? [one, other] : [other, one];
    expect([taken.status, taken.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/csv')]);
    expect(await problemOf(refused)).toEqual(notApproved);
    const key = readTrustedKey(verifierKey(room.origin, room.ledgerKey ?? new Uint8Array()));
    const lines = (await taken.text()).trimEnd().split(/\r?\n/);
    async function* all() {
      yield* lines;
    }
    const report = await verifyExport(exportLines(all()), { keys: key === null ? [] : [key], known: [] });
    const ofReader = frozen.filter(
      ({ data }) => 'recipientId' in data && 'method' in data && data.recipientId === readerId,
    );
    expect(report).toMatchObject({ isProven: true, findings: [], provenEvents: ofReader.length });
    expect((await exports()).at(-1)?.data).toMatchObject({
      ...{ askedBy: 'siem', through: 'api', approvedBy: 'olga', form: 'csv', fields: ['reader'], ...why },
      persons: [{ personId: readerId }],
    });
    expect(await problemOf(await take({ approval }))).toEqual(notApproved);
  });

  it('are all of the record where that was confirmed', async () => {
    const approval = await request({});
    await confirm(approval);
    const text = await (await take({ approval })).text();
    for (const { id } of frozen.slice(0, 20)) expect(text).toContain(id);
  });

  it('are not confirmed by the program, and not taken once they were declined', async () => {
    const approval = await request({ types: ['MessageViewed'] });
    await expect(confirm(approval, 'siem')).rejects.toMatchObject({ code: 'same-person-confirms' });
    await new DeclineActHandler(room.store, room.clock).execute(new DeclineAct(approval, 'olga'));
    expect(await problemOf(await take({ approval }))).toEqual(notApproved);
  });

  it.each<[string, object]>([
    ['why', { why: undefined }],
    ['why.reason', { why: { caseNumber: '2026-77' } }],
    ['why.reason', { why: { ...why, reason: 'for anna@example.com' } }],
    ['reader', { reader: 'nobody@example.org' }],
    ['words', { words: 'Olsen' }],
    ['case', { case: 'anna@example.com' }],
    ['message', { message: messageId }],
    ['types', { types: ['Nothing'] }],
    ['since', { since: 1_000_000 }],
    ['fromIndex', { fromIndex: 1 }],
    ['approval', { approval: 'x' }],
  ])('cannot be asked for with a wrong %s', async (field, question) => {
    const answer = await room.post('exports/requests', { why, ...question }, 'siem-token');
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ field })]);
  });

  it('cannot be asked for by who may only ask', async () => {
    expect((await room.post('exports/requests', { why }, 'reading-token')).status).toBe(403);
  });

  it('are asked for a few times, so that no request is hidden behind those of a program', async () => {
    for (let asked = 0; asked < 19; asked++) await room.post('exports/requests', { why }, 'vault-token');
    await room.runner.caughtUp();
    const ask = () => room.post('exports/requests', { why }, 'vault-token');
    expect((await ask()).status).toBe(202);
    await room.runner.caughtUp();
    const { status } = await ask();
    expect(status).toBe(409);
    await request({ types: ['MessageSealed'] }); // another program
  });

  it('leave nobody’s address in the record', async () => {
    await request({ reader: readerId });
    const proposed = (await Array.fromAsync(room.store.readAll())).filter(({ type }) => type === 'ActProposed');
    expect(JSON.stringify(proposed.at(-1)?.data)).toContain(readerId);
    expect(JSON.stringify(proposed)).not.toContain('@');
  });
});
