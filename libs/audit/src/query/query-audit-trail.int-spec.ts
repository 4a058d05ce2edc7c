import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decideAndAppend, ProjectionRunner, ReadModels, streamName } from '#libs/event-store';
import type { DomainEvent, StreamName } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { encryptPersonalData } from '#libs/keyring';
import type { Person } from '#libs/keyring';
import { temporaryKeyring, temporaryPersonDirectory } from '#libs/keyring/testing';
import { instantOf, newEventId, parseMailAddress, plusSeconds } from '#libs/vocabulary';
import { auditTrail } from '../read-models/audit-trail.ts';
import { decryptForDisplay, ERASED } from './decrypt-for-display.ts';
import { queryAuditTrail } from './query-audit-trail.ts';

const anna = parseMailAddress('anna@example.com');
const bo = parseMailAddress('bo@example.org');
const noon = instantOf('2026-11-22T12:00:00Z');
const [one, two] = ['a'.repeat(32), 'b'.repeat(32)];

describe('the audit trail', () => {
  let sqlite: Awaited<ReturnType<typeof openTemporarySqlite>>;
  let keys: Awaited<ReturnType<typeof temporaryKeyring>>;
  let directory: Awaited<ReturnType<typeof temporaryPersonDirectory>>;
  let readModels: ReadModels;
  let runner: ProjectionRunner;
  let place: string;
  let recipient: Person;
  let sender: Person;

  beforeAll(async () => {
    sqlite = await openTemporarySqlite();
    keys = await temporaryKeyring();
    directory = await temporaryPersonDirectory(keys.keyring);
    place = await mkdtemp(join(tmpdir(), 'segl-audit-'));
    readModels = ReadModels.open(join(place, 'read-models.sqlite'));
    [recipient, sender] = [await directory.persons.findOrCreate(anna), await directory.persons.findOrCreate(bo)];
    for (const messageId of [one, two]) await append(streamName('message', messageId ?? ''), sealed(messageId ?? ''));
    await append(streamName('message', one ?? ''), viewed());
    await append(streamName('passcodes', recipient.personId), { type: 'OtpIssued', data: { challengeId: 'x' } });
    await append(streamName('openings', two ?? ''), {
      type: 'ViewDenied',
      data: { messageId: two, reason: 'revoked' },
    });
    await append(streamName('telemetry', 'tallies'), { type: 'TelemetryTallied', data: {} });
    runner = new ProjectionRunner(sqlite.store, readModels, [auditTrail]);
    runner.start();
    await runner.caughtUp();
  });
  afterAll(async () => {
    await runner.stop();
    readModels.close();
    await sqlite.cleanUp();
    await directory.remove();
    await keys.remove();
    await rm(place, { recursive: true });
  });

  async function append(stream: StreamName, event: DomainEvent): Promise<void> {
    await decideAndAppend(sqlite.store, stream, { initialState: () => null, evolve: () => null }, () => [event]);
  }

  function sealed(messageId: string): DomainEvent {
    const id = newEventId();
    const [senderId, recipientId] = [sender.personId, recipient.personId];
    const addresses = {
      sender: encryptPersonalData(sender, id, 'sender', bo),
      recipient: encryptPersonalData(recipient, id, 'recipient', anna),
    };
    return { id, type: 'MessageSealed', data: { messageId, senderId, recipientId, sealedAt: noon, ...addresses } };
  }

  function viewed(): DomainEvent {
    const id = newEventId();
    const networkAddress = encryptPersonalData(recipient, id, 'networkAddress', '192.0.2.7');
    return { id, type: 'MessageViewed', data: { recipientId: recipient.personId, method: 'passcode', networkAddress } };
  }

  const typesOf = (query: Parameters<typeof queryAuditTrail>[1]) =>
    queryAuditTrail(readModels.db, query).map(({ type }) => type);

  it('is asked by message, by person, by type and by time, and holds what is audited alone', () => {
    expect(typesOf({})).toEqual(['MessageSealed', 'MessageSealed', 'MessageViewed', 'OtpIssued', 'ViewDenied']);
    expect(typesOf({ messageId: one as never })).toEqual(['MessageSealed', 'MessageViewed']);
    expect(typesOf({ messageId: two as never })).toEqual(['MessageSealed', 'ViewDenied']);
    expect(typesOf({ personId: sender.personId })).toEqual(['MessageSealed', 'MessageSealed']);
    expect(typesOf({ personId: recipient.personId })).toEqual([
      'MessageSealed',
      'MessageSealed',
      'MessageViewed',
      'OtpIssued',
    ]);
    expect(typesOf({ type: 'ViewDenied' })).toEqual(['ViewDenied']);
    const now = instantOf(new Date());
    expect(typesOf({ from: plusSeconds(now, -3600), to: plusSeconds(now, 3600) })).toHaveLength(5);
    expect(typesOf({ to: plusSeconds(now, -3600) })).toEqual([]);
    expect(() => typesOf({ type: 'Nothing' })).toThrow('no event type "Nothing"');
  });

  it('is paged by the last row, each row once', () => {
    const pages: number[] = [];
    let after: number | undefined;
    for (;;) {
      const rows = queryAuditTrail(readModels.db, { after, limit: 2 });
      if (rows.length === 0) break;
      pages.push(rows.length);
      after = rows.at(-1)?.sequence;
    }
    expect(pages).toEqual([2, 2, 1]);
  });

  it('holds no address in clear, shows them to who may see them, and no more once a person is erased', async () => {
    const rows = queryAuditTrail(readModels.db);
    expect(JSON.stringify(rows)).not.toMatch(/example|192\.0\.2/);
    const shown = await Promise.all(rows.map((row) => decryptForDisplay(row, directory.persons)));
    expect(shown[0]?.data).toMatchObject({ sender: bo, recipient: anna });
    expect(shown[2]?.data).toMatchObject({ networkAddress: '192.0.2.7' });

    await directory.persons.erase(recipient.personId);
    const after = await Promise.all(rows.map((row) => decryptForDisplay(row, directory.persons)));
    expect(after[0]?.data).toMatchObject({ sender: bo, recipient: ERASED });
    expect(after[2]?.data).toMatchObject({ networkAddress: ERASED });
    expect(queryAuditTrail(readModels.db)).toEqual(rows); // the record itself is whole
  });
});
