import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ReadModels } from '#libs/event-store';
import { eventOfTests, LogOfTests, signerOfTests } from '../testing/log-of-tests.ts';
import { addToLedgerTree, LEDGER_TREE_SCHEMA, LedgerTree } from './ledger-tree.ts';
import { ledgerLeaf } from './leaf.ts';
import { publishedCheckpoint, publishLedger } from './publication.ts';
import { rootAt } from './tree-proofs.ts';

const run = promisify(execFile);
const judgeSource = resolve(import.meta.dirname, '../../../../ops/judges/tlog');
const log = new LogOfTests(1800);
const signer = signerOfTests();
const leaves = async (first: number, count: number) =>
  log.events.slice(first, first + count).map((event) => ledgerLeaf(event));

let place: string;
let server: Server;
let url: string;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'segl-ledger-'));
  server = createServer((request, response) => {
    createReadStream(join(place, 'published', new URL(request.url ?? '', 'http://x').pathname))
      .on('error', () => response.writeHead(404).end())
      .pipe(response);
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  server.close();
  await rm(place, { recursive: true });
});

describe('the tree in SQLite', () => {
  it('is the tree of the log, and knows where its leaves stand', () => {
    const models = ReadModels.open(':memory:');
    models.execute(LEDGER_TREE_SCHEMA);
    models.transaction(() => {
      for (const event of log.events) addToLedgerTree(models.db, event);
    });
    const tree = new LedgerTree(models.db);
    expect(tree.size).toBe(1800);
    for (const size of [0, 1, 255, 256, 257, 1000, 1536, 1800]) expect(rootAt(tree, size)).toEqual(rootAt(log, size));
    expect(tree.leafAt(tree.positionOf(1234) ?? ('' as never))).toBe(1234);
    expect(tree.positionOf(1800)).toBeNull();
    expect(() => tree.hashes(1, 7, 1)).toThrow(RangeError);
    models.close();
  });
});

describe('a published ledger', () => {
  it('is written as it grows, whole file by whole file, and not again', async () => {
    const directory = join(place, 'published');
    expect(await publishedCheckpoint(directory)).toBeNull();
    for (const size of [1, 300, 1800]) await publishLedger(directory, log.note(size, signer), log, leaves);
    expect(await publishedCheckpoint(directory)).toBe(log.note(1800, signer));
    expect(await readFile(join(directory, 'checkpoints/300'), 'utf8')).toBe(log.note(300, signer));
    expect((await stat(join(directory, 'tile/0/001'))).size).toBe(8192);
    expect((await stat(join(directory, 'tile/0/007.p/8'))).size).toBe(256);
    const before = await stat(join(directory, 'checkpoint'));
    await publishLedger(directory, log.note(300, signer), log, leaves);
    expect((await stat(join(directory, 'checkpoint'))).mtimeMs).toBe(before.mtimeMs);
  });

  it("is read by others' tools, which find what was changed in it", async () => {
    if (!(await hasGo())) {
      process.stdout.write('SKIPPED: no Go here, so no other tool has read the published ledger\n');
      return;
    }
    const judge = join(place, 'judge');
    await run('go', ['build', '-o', judge, '.'], {
      cwd: judgeSource,
      env: { ...process.env, GOFLAGS: '-mod=readonly' },
    });
    expect((await run(judge, [url, signer.vkey])).stdout).toMatch(/^1800 entries, \d+ bytes\n$/);
    await expect(run(judge, [url, signerOfTests().vkey])).rejects.toThrow(/no verifiable signatures/);
    const bundle = join(place, 'published/tile/entries/003');
    const bytes = await readFile(bundle);
    await writeFile(bundle, bytes.with(100, (bytes[100] ?? 0) ^ 1));
    await expect(run(judge, [url, signer.vkey])).rejects.toThrow();
    await writeFile(bundle, bytes);
    await truncate(join(place, 'published/tile/1/000.p/7'), 32);
    await expect(run(judge, [url, signer.vkey])).rejects.toThrow();
  }, 300_000);

  it('refuses to publish what no checkpoint signs', async () => {
    await expect(publishLedger(place, 'nonsense', log, leaves)).rejects.toThrow(TypeError);
    log.add(eventOfTests(1800)); // behind the checkpoint: of no concern to it
    await publishLedger(join(place, 'published'), log.note(1800, signer), log, leaves);
  });
});

async function hasGo(): Promise<boolean> {
  return run('go', ['version']).then(
    () => true,
    () => false,
  );
}
