import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { BackedUp } from './test/backups.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

let home: Installation;
let backedUp: BackedUp;
beforeEach(async () => {
  home = await temporaryInstallation();
  backedUp = await BackedUp.of(home);
});
afterEach(() => home.remove());

it('keys are rotated, destroyed, lost and put back from where they were kept; a rehearsal names what has no key', async () => {
  const escrow = join(home.directory, 'escrow');
  await mkdir(escrow);
  const carriers: string[] = [];
  for (const version of [1, 2, 3]) {
    const carrier = join(home.directory, `sealed-to-${version}.eml`);
    await writeFile(carrier, (await backedUp.seal('anna@example.com', 'bo@example.org')).carrier);
    carriers.push(carrier);
    await copyFile(join(home.keyring, `sealing-${version}.key`), join(escrow, `sealing-${version}.key`));
    expect((await backedUp.run(['keys', 'rotate', 'sealing'])).text).toBe(`sealing-${version + 1}\n`);
  }
  const opens = async () =>
    Promise.all(carriers.map(async (path) => (await backedUp.run(['open', path])).exitCode === 0));
  expect(await opens()).toEqual([true, true, true]);

  const wouldHit = await backedUp.run(['keys', 'destroy', 'sealing-1', '--dry-run', '--json']);
  expect(JSON.parse(wouldHit.text)).toEqual({ wouldDestroy: 'sealing-1', status: 'older', unexpiredMessages: 1 });
  const persons = await backedUp.run(['keys', 'destroy', 'person-wrapping-1', '--dry-run']);
  expect([persons.exitCode, persons.text]).toEqual([
    0,
    expect.stringMatching(/^2 persons are erased by that\. It is the key in use/),
  ]);
  expect(await backedUp.run(['keys', 'destroy', 'sealing-99', '--dry-run'])).toMatchObject({ exitCode: 1 });
  const inRecord = await backedUp.run(['audit', 'query', '--type', 'AuditTrailQueried', '--json']);
  const questions = (JSON.parse(inRecord.text) as { rows: { data: { fields: string[]; rows: number } }[] }).rows;
  expect(questions.filter(({ data }) => data.fields.includes('key'))).toHaveLength(3);
  expect(await opens()).toEqual([true, true, true]);

  const asked = await backedUp.run(['keys', 'destroy', 'sealing-1']); // nobody answers: it says what is hit, and does nothing
  expect(asked).toMatchObject({ exitCode: 64, said: expect.stringContaining('1 unexpired message is hit') });
  expect((await backedUp.run(['keys', 'destroy', 'sealing-1', '--yes'])).exitCode).toBe(0);
  for (const file of ['sealing-2.key', 'sealing-2.pub']) await rm(join(home.keyring, file));
  expect(await opens()).toEqual([false, false, true]);

  await backedUp.backup();
  const rehearsed = JSON.parse((await backedUp.restore('--dry-run')).text) as { orphaned: Record<string, number> };
  expect(rehearsed.orphaned).toEqual({ 'sealing-1': 1, 'sealing-2': 1 });

  await copyFile(join(escrow, 'sealing-2.key'), join(home.keyring, 'sealing-2.key'));
  expect(await opens()).toEqual([false, true, true]);
  await backedUp.backup(`${backedUp.file}.2`);
  const after = JSON.parse((await backedUp.restoreFile(`${backedUp.file}.2`, '--dry-run')).text) as typeof rehearsed;
  expect(after.orphaned).toEqual({ 'sealing-1': 1 });
}, 120_000);
