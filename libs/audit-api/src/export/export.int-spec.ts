import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportLines, readTrustedKey, verifierKey, verifyExport } from '#libs/audit';
import type { VerifyReport } from '#libs/audit';
import { frozenEvents, frozenPersons } from '#libs/audit/testing';
import { appendFacts, streamName } from '#libs/event-store';
import { EVENT_STORES } from '#libs/event-store/testing';
import { openAuditApiRoom } from '../testing/audit-api-room.ts';
import type { AuditApiRoom } from '../testing/audit-api-room.ts';

/** Without the sample of a checkpoint, which this log would contradict. */
const frozen = frozenEvents().filter(({ type }) => type !== 'CheckpointSigned');
const [, readerId] = [...frozenPersons().keys()];

describe.each(EVENT_STORES)('exports of the audit API on $store', ({ open }) => {
  let room: AuditApiRoom;
  beforeAll(async () => {
    room = await openAuditApiRoom({ exportsAtOnce: 1 }, open);
    await room.holds(frozen);
  });
  afterAll(() => room.close());
  const exported = (question: object) => room.post('exports', question, 'siem-token');
  const linesOf = async (question: object) => {
    const answer = await exported(question);
    expect([answer.status, answer.headers.get('content-disposition')]).toEqual([
      200,
      expect.stringContaining('attachment; filename="segl-audit.'),
    ]);
    return (await answer.text()).trimEnd().split(/\r?\n/);
  };
  const verified = (lines: readonly string[], known: readonly string[] = []): Promise<VerifyReport> => {
    const key = readTrustedKey(verifierKey(room.origin, room.ledgerKey ?? new Uint8Array()));
    async function* all() {
      yield* lines;
    }
    return verifyExport(exportLines(all()), { keys: key === null ? [] : [key], known });
  };
  const noteIn = (lines: readonly string[]) =>
    (JSON.parse(lines.findLast((line) => line.includes('"checkpoint"')) ?? '{}') as { checkpoint: string }).checkpoint;

  it('gives all of the record, proven offline, and goes on behind the checkpoint that it ended with', async () => {
    const first = await linesOf({});
    const report = await verified(first);
    expect(report).toMatchObject({ isProven: true, findings: [], unprovenEvents: 0 });
    expect(report.provenEvents).toBeGreaterThanOrEqual(frozen.length);
    const size = report.provenTo?.size ?? 0;
    const data = { revokedAt: '2026-11-30T12:00:00.000Z', revokedBy: 'somebody-else' };
    await appendFacts(room.store, streamName('message', 'a'.repeat(32)), [{ type: 'MessageRevoked', data }]);
    await room.runner.caughtUp();
    const rest = await linesOf({ since: size });
    expect(await verified(rest, [noteIn(first)])).toMatchObject({ isProven: true, findings: [] });
    expect(rest.join('')).toContain('somebody-else');
    expect((await verified([...first.slice(0, 20), ...first.slice(21)])).isProven).toBe(false);
    expect((await verified(first.slice(0, -4))).isProven).toBe(false);
  });

  it.each(['ndjson', 'csv'] as const)('gives what a question selects, each event proven, as %s', async (form) => {
    const lines = await linesOf({ reader: readerId, form });
    const selected = frozen.filter(
      ({ data }) => 'recipientId' in data && 'method' in data && data.recipientId === readerId,
    );
    expect(await verified(lines)).toMatchObject({ isProven: true, findings: [], provenEvents: selected.length });
    const altered = lines.map((line) => line.replaceAll('passcode', 'passport'));
    expect((await verified(altered)).findings).toContainEqual(expect.objectContaining({ kind: 'not-proven' }));
    expect((await verified(lines.slice(0, -1))).findings).toContainEqual(
      expect.objectContaining({ kind: 'truncated' }),
    );
    const withoutOne = lines.filter((line) => !line.includes('AttachmentDownloaded'));
    expect((await verified(withoutOne)).findings).toContainEqual(expect.objectContaining({ kind: 'truncated' }));
    const none = await linesOf({ reader: 'nobody@example.org', form });
    expect(await verified(none)).toMatchObject({ isProven: true, provenEvents: 0, provenTo: { origin: room.origin } });
  });

  it('goes on with a selection behind the last event that came', async () => {
    const indexesOf = (lines: readonly string[]) =>
      lines.flatMap((line) => (JSON.parse(line) as { index?: number }).index ?? []);
    const all = indexesOf(await linesOf({ evidence: 'administrative', to: '2026-12-01' }));
    const rest = await linesOf({ evidence: 'administrative', to: '2026-12-01', fromIndex: (all[1] ?? 0) + 1 });
    expect(indexesOf(rest).slice(0, all.length - 2)).toEqual(all.slice(2));
    expect(await verified(rest)).toMatchObject({ isProven: true });
  });

  it('is CSV in which nothing is a formula', async () => {
    const data = { revokedAt: '2026-11-30T12:00:00.000Z', revokedBy: '=cmd|x', reason: '+1' };
    await appendFacts(room.store, streamName('message', 'b'.repeat(32)), [{ type: 'MessageRevoked', data }]);
    await room.runner.caughtUp();
    // Of that type: that it was asked for is about the message as well, and may be in the trail by then.
    const lines = await linesOf({ form: 'csv', message: 'b'.repeat(32), types: ['MessageRevoked'] });
    for (const line of lines) expect(line).not.toMatch(/(^|,)"?[=+\-@\t]/);
    expect(await verified(lines)).toMatchObject({ isProven: true, provenEvents: 1 });
  });

  it('records who took what away, and why, before the first byte', async () => {
    await linesOf({ reader: readerId, form: 'csv', why: { caseNumber: '2026-77', reason: 'court order' } });
    expect((await room.auditing()).at(-1)).toMatchObject({
      type: 'AuditTrailExported',
      data: {
        askedBy: 'siem',
        form: 'csv',
        fields: ['reader'],
        persons: [{ personId: readerId }],
        caseNumber: '2026-77',
      },
    });
  });

  it.each([
    ['since', { since: -1 }, 400],
    ['since', { since: 1_000_000 }, 400],
    ['since', { since: 1, form: 'csv' }, 400],
    ['since', { since: 1, outcome: 'done' }, 400],
    ['fromIndex', { fromIndex: 1 }, 400],
    ['form', { form: 'xlsx' }, 400],
    ['types', { types: ['Nothing'] }, 400],
    ['words', { words: '*' }, 400],
  ])('names the field that is wrong: %s', async (field, question, status) => {
    const before = (await room.auditing()).length;
    const answer = await exported(question);
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ field })]);
    expect(await room.auditing()).toHaveLength(before);
  });

  it('is not for who may only ask', async () => {
    expect((await room.post('exports', {}, 'reading-token')).status).toBe(403);
  });
});
