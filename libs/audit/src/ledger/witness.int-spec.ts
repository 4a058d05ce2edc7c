import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogOfTests, ORIGIN, signerOfTests } from '../testing/log-of-tests.ts';
import { WitnessOfTests } from '../testing/witness-of-tests.ts';
import { readTrustedKey } from '../verify/note.ts';
import type { TrustedKey } from '../verify/note.ts';
import { verifyExport } from '../verify/verify-export.ts';
import { LedgerContradicted } from './ledger.ts';
import type { TreeHashes } from './tree-proofs.ts';
import { askWitness, readWitness, WitnessDidNotSign } from './witness.ts';
import type { Witness } from './witness.ts';
import { Witnesses } from './witnesses.ts';

const log = new LogOfTests(600);
const signer = signerOfTests();
const LOOPBACK = ['127.0.0.1'];
const ownKey = readTrustedKey(signer.vkey) as TrustedKey;

/** The log, as far as it has come. */
function upTo(size: number, of: LogOfTests = log): TreeHashes & { readonly size: number } {
  return { size, hashes: (level, first, count) => of.hashes(level, first, count) };
}

describe('a witness', () => {
  let there: WitnessOfTests;
  let witness: Witness;
  let faults: unknown[];
  beforeEach(async () => {
    there = await new WitnessOfTests(log).open();
    witness = witnessAt(`${there.url}/`);
    faults = [];
  });
  afterEach(() => there.close());

  function witnessAt(url: string, privateAddresses = LOOPBACK): Witness {
    return readWitness(there.vkey, { url, privateAddresses }) as Witness;
  }

  function witnesses(isOurs = true): Witnesses {
    return new Witnesses({
      witnesses: [witness],
      isOurs: () => isOurs,
      onFault: (error) => faults.push(error),
    });
  }

  it('signs each checkpoint that continues what it has signed, and says where it was when we do not know', async () => {
    const ours = witnesses();
    for (const size of [1, 300, 600]) {
      const cosigned = await ours.cosign(log.note(size, signer), log);
      expect(cosigned.startsWith(log.note(size, signer))).toBe(true);
      expect(cosigned.match(/^— /gm)).toHaveLength(2); // the log's and the witness's; a stranger's line is left out
      expect(there.size).toBe(size);
    }
    expect(there.asked).toBe(3);
    await witnesses().cosign(log.note(600, signer), log); // after a restart
    expect(there.asked).toBe(5);
    await witnesses().cosign(log.note(300, signer), log); // a console that is behind
    expect(faults).toEqual([]);
  });

  it('has its signature asked for by who verifies', async () => {
    const [early, late] = [log.note(300, signer), log.note(600, signer)];
    const cosigned = await witnesses().cosign(early, log);
    const keyOfWitness = readTrustedKey(there.vkey) as TrustedKey;
    const report = async (known: string) => {
      const lines = await log.export([late]);
      return verifyExport(
        (async function* () {
          yield* lines;
        })(),
        { keys: [ownKey], known: [known], witnesses: [keyOfWitness] },
      );
    };
    expect(await report(cosigned)).toMatchObject({ isProven: true, provenEvents: 600 });
    expect((await report(early)).findings).toEqual([{ kind: 'not-witnessed' }]);
    const [otherText] = [log.note(299, signer)];
    const moved = otherText + cosigned.slice(early.length); // another checkpoint's
    expect((await report(moved)).findings).toEqual([expect.objectContaining({ kind: 'forged-checkpoint' })]);
    const timeless = early + there.cosign(early, 0n);
    expect((await report(timeless)).findings).toEqual([expect.objectContaining({ kind: 'forged-checkpoint' })]);
  });

  it.each<[string, { status: number; text: string }, RegExp]>([
    ['refuses', { status: 403, text: '' }, /answered 403/],
    ['does not know the log', { status: 404, text: '' }, /answered 404/],
    ['finds that the proof does not hold', { status: 422, text: '' }, /answered 422/],
    ['signs nothing', { status: 200, text: '' }, /without a signature/],
    ['signs something else', { status: 200, text: `— witness.example/w1 ${'A'.repeat(100)}\n` }, /without a signature/],
    ['talks nonsense of its size', { status: 409, text: 'many\n' }, /answered 409/],
    ['never ends', { status: 200, text: 'x'.repeat(300_000) }, /could not be asked/],
    ['sends us elsewhere', { status: 302, text: '' }, /could not be asked/],
  ])('that %s leaves the checkpoint as it is, and is named', async (_, answer, fault) => {
    there.answers = () => answer;
    const note = log.note(300, signer);
    expect(await witnesses().cosign(note, log)).toBe(note);
    expect(faults).toEqual([expect.any(WitnessDidNotSign)]);
    expect(String(faults[0])).toMatch(fault);
    expect(String(faults[0])).toContain('witness.example/w1');
  });

  it('that signs another checkpoint, or none of a time, by its own key has signed nothing', async () => {
    const note = log.note(300, signer);
    for (const text of [there.cosign(log.note(299, signer)), there.cosign(note, 0n)]) {
      there.answers = () => ({ status: 200, text });
      expect(await witnesses().cosign(note, log)).toBe(note);
      expect(String(faults.pop())).toMatch(/without a signature of its key/);
    }
    there.answers = () => ({ status: 200, text: there.cosign(note) });
    expect(await witnesses().cosign(note, log)).toBe(note + there.cosign(note));
  });

  it('that nobody answers for is named with its cause, and proves nothing', async () => {
    await there.close();
    const note = log.note(300, signer);
    expect(await witnesses().cosign(note, log)).toBe(note);
    await witnesses().requireConsistent(ORIGIN, upTo(1));
    expect(faults).toHaveLength(2);
    expect(String((faults[0] as Error).cause)).toContain('ECONNREFUSED');
    await there.open();
  });

  it('is asked through the guarded egress, which leads to no address that is not listed, nor anywhere else', async () => {
    witness = witnessAt(there.url, ['10.0.0.7']);
    const note = log.note(300, signer);
    expect(await witnesses().cosign(note, log)).toBe(note);
    expect(String((faults[0] as Error).cause)).toContain('not a listed address');
    there.answers = () => ({ status: 302, text: '' });
    witness = witnessAt(there.url);
    await witnesses().cosign(note, log);
    expect(String((faults[1] as Error).cause)).toContain('redirect');
    expect(there.asked).toBe(0);
  });

  it('that asks us to come back later is named with that', async () => {
    there.answers = () => ({ status: 503, text: 'the whole store is down, says kim@example.org' });
    await witnesses().cosign(log.note(300, signer), log);
    expect(String((faults[0] as Error).cause)).toMatch(/: answered with status 503$/);
  });

  it('remembers what a log was: one that was set back, or is another, is refused', async () => {
    await witnesses().cosign(log.note(300, signer), log);
    await witnesses().requireConsistent(ORIGIN, upTo(300));
    await witnesses().requireConsistent(ORIGIN, upTo(400));
    const setBack = witnesses().requireConsistent(ORIGIN, upTo(299));
    await expect(setBack).rejects.toMatchObject({ code: 'ledger-contradicted', size: 300 });
    await expect(witnesses().requireConsistent(ORIGIN, upTo(400, new LogOfTests(400, 'b')))).rejects.toBeInstanceOf(
      LedgerContradicted,
    );
    await witnesses(false).requireConsistent(ORIGIN, upTo(299)); // what no key of ours signed proves nothing
    await witnesses().requireConsistent('another.example/ledger', upTo(299));
  });

  it('is known by its own key alone', () => {
    const address = { url: there.url, privateAddresses: [] };
    expect(readWitness(signer.vkey, address)).toBeNull(); // a log's key
    expect(readWitness(there.vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+'), address)).toBeNull();
    expect(readWitness('', address)).toBeNull();
    expect(readTrustedKey(there.vkey)?.signs).toBe('witness');
  });
});

/** A witness that others wrote: filippo.io/torchwood/cmd/litewitness, at this path. */
const litewitness = process.env['SEGL_TEST_LITEWITNESS'];

(litewitness === undefined ? describe.skip : describe)("others' witness", () => {
  const name = 'witness.example/lite';
  let place: string;
  const running: ChildProcess[] = [];
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'segl-witness-'));
  });
  afterEach(async () => {
    for (const one of running.splice(0).toReversed()) one.kill();
    await rm(place, { recursive: true });
  });

  function run(command: string, ...given: string[]): ChildProcess {
    const child = spawn(command, given, {
      cwd: place,
      stdio: 'ignore',
      env: { ...process.env, SSH_AUTH_SOCK: 'agent' },
    });
    running.push(child);
    return child;
  }

  async function done(command: string, ...given: string[]): Promise<void> {
    const code = await new Promise((resolve) => run(command, ...given).once('exit', resolve));
    expect([command, code]).toEqual([command, 0]);
  }

  it('signs our checkpoints, and refuses a fork', async () => {
    await done('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', 'key');
    run('ssh-agent', '-D', '-a', 'agent');
    await until(() => done('ssh-add', '-q', 'key'));
    const [, encoded = ''] = (await readFile(join(place, 'key.pub'), 'utf8')).split(' ');
    const blob = Buffer.from(encoded, 'base64');
    const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
    const typed = Buffer.concat([Uint8Array.of(4), blob.subarray(-32)]);
    const id = createHash('sha256').update(`${name}\n`).update(typed).digest('hex').slice(0, 8);
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const given = ['-name', name, '-key', fingerprint, '-ssh-agent', 'agent', '-listen', `127.0.0.1:${port}`];
    run(litewitness as string, '-db', 'witness.db', ...given);
    await until(() => reached(port));
    const db = new DatabaseSync(join(place, 'witness.db'));
    const empty = createHash('sha256').digest('base64');
    db.prepare('INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)').run(ORIGIN, empty);
    db.prepare('INSERT INTO key (origin, key) VALUES (?, ?)').run(ORIGIN, signer.vkey);
    db.close();

    const vkey = `${name}+${id}+${typed.toString('base64')}`;
    const witness = readWitness(vkey, { url: `http://127.0.0.1:${port}`, privateAddresses: LOOPBACK }) as Witness;
    const faults: unknown[] = [];
    const open = () =>
      new Witnesses({ witnesses: [witness], isOurs: () => true, onFault: (fault) => faults.push(fault) });
    const ours = open();
    for (const size of [1, 255, 256, 300, 600]) {
      expect((await ours.cosign(log.note(size, signer), log)).match(/^— /gm)).toHaveLength(2);
    }
    expect((await open().cosign(log.note(600, signer), log)).match(/^— /gm)).toHaveLength(2);
    expect(faults).toEqual([]);
    const fork = new LogOfTests(700, 'b');
    const forked = fork.note(700, signer);
    expect(await ours.cosign(forked, fork)).toBe(forked);
    expect(String(faults[0])).toMatch(/answered 4\d\d/);
    await expect(askWitness(witness, { old: 0, proof: [], note: log.note(600, signerOfTests()) })).rejects.toThrow(
      /403/,
    );
  }, 60_000);
});

async function until(isSo: () => Promise<unknown>): Promise<void> {
  for (const giveUpAt = Date.now() + 20_000; ;) {
    try {
      await isSo();
      return;
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
    }
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

function reached(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    }).on('error', reject);
  });
}
