import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import { destroyKey, initKeyring, Keyring, newBackupIdentity, rotateKey } from '#libs/keyring';
import type { PersonRows } from '#libs/keyring';
import { streamName } from '#libs/event-store';
import { base32Lower, FixedClock, instantOf, newPersonId } from '#libs/vocabulary';
import { unpackBackup } from './unpack-backup.ts';
import type { UnpackPlaces } from './unpack-backup.ts';
import { writeBackup } from './write-backup.ts';
import type { BackupSummary } from './write-backup.ts';

const noon = instantOf('2026-03-01T12:00:00Z');
const key = newBackupIdentity(noon);
let opened: TemporarySqlite;
let keyring: string;
beforeEach(async () => {
  opened = await openTemporarySqlite();
  keyring = join(opened.directory, 'keyring');
  await initKeyring(keyring, { demonstration: false, now: noon });
});
afterEach(() => opened.cleanUp());

/** Nobody, and while nobody is read, something happens. */
function meanwhile(happens: () => Promise<unknown>): PersonRows {
  return {
    async *readRows() {
      await happens();
    },
    writeRows: () => Promise.reject(new Error('only read')),
  };
}

async function written(persons: PersonRows): Promise<{ file: Buffer; summary: BackupSummary }> {
  const pieces: Buffer[] = [];
  const keys = await Keyring.open(keyring, { demonstration: false, kinds: ['ledger'] });
  const summary = await writeBackup(
    {
      events: opened.store,
      persons,
      keyringDirectory: keyring,
      outboxDirectory: join(opened.directory, 'outbox'),
      configuration: new Map(),
    },
    {
      recipients: [key.recipient],
      signer: keys.ledgerSigner(),
      release: '0.1.0',
      clock: new FixedClock(noon),
      write: async (bytes) => void pieces.push(Buffer.from(bytes)),
    },
  );
  return { file: Buffer.concat(pieces), summary };
}

function unpacked(file: Buffer) {
  const at = (name: string) => join(opened.directory, 'unpacked', name);
  const places: UnpackPlaces = {
    ...{
      eventsFile: at('data/events.sqlite'),
      personsFile: at('data/persons.sqlite'),
      outboxDirectory: at('data/outbox'),
    },
    ...{ keyringDirectory: at('keyring'), configurationDirectory: at('configuration'), spoolDirectory: at('spool') },
  };
  return unpackBackup(
    (async function* () {
      yield file;
    })(),
    { identities: [key.file.trim().split('\n').at(-1) ?? ''], places },
  );
}

describe('what happens while a backup is made', () => {
  it('takes in a key that is made, and ends at one that is destroyed', async () => {
    const rotated = await written(meanwhile(() => rotateKey(keyring, 'person-wrapping', { now: noon })));
    expect(rotated.summary.keyIds).toContain('person-wrapping-2');
    await expect(
      written(meanwhile(() => destroyKey(keyring, 'person-wrapping-1', { now: noon }))),
    ).rejects.toMatchObject({
      code: 'key-destroyed-meanwhile',
      message: expect.stringContaining('person-wrapping-1'),
    });
  });

  it('names whose erasure was recorded, though it is in no event of the backup', async () => {
    const personId = newPersonId();
    const erased = () =>
      opened.store.append(streamName('erasures', 'subjects'), 'NONE', [
        { type: 'SubjectErased', data: { personId, erasedAt: noon } },
      ]);
    const { summary } = await written(meanwhile(erased));
    expect(summary.erasedMeanwhile).toEqual([personId]);
    expect(summary.events.count).toBe(0);
  });

  it('leaves out carriers of messages that the record does not have, and keeps what is staged, on its way or not recorded yet', async () => {
    const id = (letter: string) => letter.repeat(32);
    const owner = base32Lower(Buffer.alloc(16));
    for (const folder of ['staging', 'queue', 'sending', 'kept', 'refused', 'unrecorded', 'owners'])
      await mkdir(join(opened.directory, 'outbox', folder), { recursive: true });
    const carrier = (path: string) => writeFile(join(opened.directory, 'outbox', path), `{"of":"${path}"}\nbytes\n`);
    const whole = ['queue/000001772366400.0.', `sending/${owner}.3.`, `kept/${id('s')}.00000.`, 'refused/'];
    for (const [index, path] of whole.entries()) await carrier(`${path}${id('abcd'.charAt(index))}`);
    await carrier(`refused/${id('d')}.json`);
    await carrier(`queue/000001772366400.0.${id('x')}`); // sealed after the record was read
    await carrier(`staging/${owner}.${id('e')}.whole`);
    await carrier(`staging/${owner}.${id('f')}.part`);
    await carrier(`unrecorded/${id('a')}.json`);
    await carrier(`unrecorded/${id('b')}.json.part`);
    await carrier(`unrecorded/${id('y')}.json`); // of a message that the record does not have
    await carrier(`owners/${owner}.lock`);
    for (const letter of 'abcd')
      await opened.store.append(streamName('message', id(letter)), 'NONE', [{ type: 'Sealed', data: {} }]);

    const { file, summary } = await written(meanwhile(async () => undefined));
    expect(summary.carriers).toBe(9);
    expect((await unpacked(file)).carriersLeftOut).toBe(2);
    const outbox = join(opened.directory, 'unpacked/data/outbox');
    const entries = await readdir(outbox, { recursive: true, withFileTypes: true });
    const names = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(outbox.length + 1));
    expect(names.sort()).toEqual([
      `kept/${id('s')}.00000.${id('c')}`,
      `queue/000000000000000.3.${id('b')}`,
      `queue/000001772366400.0.${id('a')}`,
      `refused/${id('d')}`,
      `refused/${id('d')}.json`,
      `staging/${owner}.${id('e')}.whole`,
      `unrecorded/${id('a')}.json`,
    ]);
  });
});
