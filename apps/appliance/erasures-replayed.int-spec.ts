import 'reflect-metadata';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { EraseSubject, EraseSubjectHandler, MessagesOfPerson } from '#libs/compliance';
import { readSettings } from '#libs/installation';
import type { PersonDirectory } from '#libs/keyring';
import { newPersonId, parseMailAddress } from '#libs/vocabulary';
import { startAppliance } from './appliance.ts';
import type { Appliance } from './appliance.ts';

class NoMessages extends MessagesOfPerson {
  override async *of(): AsyncIterable<never> {}
  override addressOf = () => Promise.resolve(null);
}

const running: Appliance[] = [];
let directory: string;
afterEach(async () => {
  for (const appliance of running.splice(0)) await appliance.stop();
  await rm(directory, { recursive: true, force: true });
});

async function started(): Promise<Appliance> {
  const environment = {
    SEGL_DATA_DIR: join(directory, 'data'),
    ...{ SEGL_HTTP_PORT: '0', SEGL_MANAGEMENT_PORT: '0', SEGL_LOG_LEVEL: 'silent' },
  };
  const appliance = await startAppliance(readSettings(environment, { demonstration: true }));
  running.push(appliance);
  return appliance;
}

it('a start over a restored person directory erases again whom the record says was erased, before it serves', async () => {
  directory = await mkdtemp(join(tmpdir(), 'segl-replayed-'));
  const address = parseMailAddress('anna@example.com');
  const first = await started();
  const { clock } = first.stores;
  const persons = first.stores.persons as PersonDirectory;
  const { personId } = await persons.findOrCreate(address);
  await first.stop();
  const files = ['persons.sqlite', 'persons.sqlite-wal', 'persons.sqlite-shm'];
  const copy = async (from: string, to: string) => {
    for (const file of files) {
      await rm(join(to, file), { force: true });
      await cp(join(from, file), join(to, file)).catch(() => undefined);
    }
  };
  await copy(join(directory, 'data'), directory);

  const second = await started();
  const reach = { persons: second.stores.persons ?? persons, messages: new NoMessages(), outbox: null, sessions: null };
  const handler = new EraseSubjectHandler(second.stores.eventStore, reach, clock);
  const mandate = { by: 'alice', caseNumber: '2026-17' };
  expect(await handler.execute(new EraseSubject({ address }, mandate))).toMatchObject({ outcome: 'erased', personId });
  expect(await handler.execute(new EraseSubject({ personId }, mandate))).toMatchObject({ outcome: 'already-erased' });
  expect(await handler.execute(new EraseSubject({ personId: newPersonId() }, mandate))).toEqual({ outcome: 'unknown' });
  await second.stop();
  await copy(directory, join(directory, 'data'));

  const third = await started();
  expect(await third.stores.persons?.findById(personId)).toBeNull();
  expect(await third.stores.persons?.find(address)).toBeNull();
}, 120_000);
