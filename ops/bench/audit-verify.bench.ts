/**
 * `segl audit verify`: an export in a file, and the log itself, over a realistic history. 200,000 events;
 * SEGL_BENCH_EVENTS=1000000 for more. SEGL_BENCH_PROFILE=<directory> leaves a profile of each.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type * as Audit from '#libs/audit';
import type * as Events from '#libs/event-store';
import type { Instant } from '#libs/vocabulary';
import { historyOf } from './history.ts';

interface Figure {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const SIZES = (process.env.SEGL_BENCH_EVENTS ?? '200000').split(',').map(Number);
/** A million events a minute. */
const AIM_EVENTS_PER_SECOND = 1_000_000 / 60;
const ORIGIN = 'post.nordlys.example/ledger';
const EVENTS_A_CHECKPOINT = 10_000;
const ROUNDS = 3;

const built = (room: string): string => new URL(`../../dist/libs/${room}/src/index.js`, import.meta.url).href;

export async function bench(): Promise<Figure[]> {
  const audit = (await import(built('audit'))) as typeof Audit;
  const events = (await import(built('event-store'))) as typeof Events;
  const figures: Figure[] = [];
  for (const size of SIZES) figures.push(...(await measured(audit, events, size)));
  return figures;
}

async function measured(audit: typeof Audit, events: typeof Events, size: number): Promise<Figure[]> {
  const directory = await mkdtemp(join(process.env.SEGL_BENCH_DIR ?? tmpdir(), 'segl-bench-'));
  const store = await events.SqliteEventStore.open(join(directory, 'events.sqlite'));
  const readModels = events.ReadModels.open(join(directory, 'read-models.sqlite'));
  const runner = new events.ProjectionRunner(store, readModels, [audit.ledgerProjection]);
  const signer = ledgerSigner();
  const clock = { now: () => new Date().toISOString() as Instant };
  const keeper = new audit.LedgerKeeper(
    store,
    readModels,
    { ledgerSigner: () => signer, ledgerVerifiers: () => [signer] } as never,
    clock,
    { origin: ORIGIN, directory: null, onFault: (error) => process.stderr.write(`${String(error)}\n`) },
  );
  try {
    runner.start();
    let batch: { bytes: Uint8Array }[] = [];
    let taken = 0;
    for (const record of historyOf(4711).records(size)) {
      batch.push(record);
      if (++taken % 500 !== 0 && taken < size) continue;
      await store.importRecorded(batch);
      batch = [];
      if (taken % EVENTS_A_CHECKPOINT !== 0 && taken < size) continue;
      await runner.caughtUp(3600_000);
      await keeper.signNow();
    }
    await runner.caughtUp();
    const { db } = readModels;
    const tree = new audit.LedgerTree(db);
    const checkpoint = audit.lastCheckpoint(db)?.ledger?.note ?? '';
    const to = audit.readCheckpoint(checkpoint)?.size ?? 0;
    const key = audit.readTrustedKey(audit.verifierKey(ORIGIN, signer.publicKey));
    if (key === null) throw new Error('the key of this bench is none');
    const linesOfLog = () =>
      audit.exportRange({
        events: audit.eventsFrom(store, tree, 0, to),
        tree,
        from: 0,
        checkpoints: audit.checkpointsBetween(db, 0, to),
      });
    const file = join(directory, 'export.ndjson');
    await writeAll(file, linesOfLog());
    const linesOfFile = () =>
      audit.exportLines(createInterface({ input: createReadStream(file), crlfDelay: Infinity }));
    const verify = async (lines: AsyncIterable<string>) => {
      const report = await audit.verifyExport(lines, { keys: [key] });
      if (!report.isProven || report.provenEvents !== to) throw new Error(JSON.stringify(report.findings.slice(0, 3)));
    };
    const { size: bytes } = await stat(file);
    return [
      await pace(`audit verify of an export of ${to} events`, to, bytes, () => verify(linesOfFile())),
      await pace(`audit verify --log of ${to} events`, to, bytes, () => verify(linesOfLog())),
    ];
  } finally {
    await keeper.stop();
    await runner.stop();
    readModels.close();
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The median of some rounds, after one that warms the code. */
async function pace(name: string, events: number, bytes: number, run: () => Promise<void>): Promise<Figure> {
  await run();
  const rounds: { perSecond: number; perProcessorSecond: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [beganAt, cpuAt] = [performance.now(), process.cpuUsage()];
    await run();
    const { user, system } = process.cpuUsage(cpuAt);
    rounds.push({
      perSecond: events / ((performance.now() - beganAt) / 1000),
      perProcessorSecond: events / ((user + system) / 1e6),
    });
  }
  await profiled(name, run);
  rounds.sort((a, b) => a.perSecond - b.perSecond);
  const { perSecond = 0, perProcessorSecond = 0 } = rounds[Math.floor(ROUNDS / 2)] ?? {};
  return {
    name: `${name}, beside the aim`,
    ratio: perSecond / AIM_EVENTS_PER_SECOND,
    aim: 'at least 1 (1,000,000/min)',
    detail: `${Math.round(perSecond)} events/s, ${Math.round(perProcessorSecond)} a second of processor; ${Math.round(bytes / events)} bytes an event`,
  };
}

async function profiled(name: string, run: () => Promise<void>): Promise<void> {
  const place = process.env.SEGL_BENCH_PROFILE;
  if (place === undefined) return;
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  await run();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  await writeFile(join(place, `${name.replaceAll(/[^a-z0-9]+/g, '-')}.cpuprofile`), JSON.stringify(profile));
}

async function writeAll(path: string, lines: AsyncIterable<string>): Promise<void> {
  await using file = await open(path, 'w');
  let waiting = '';
  for await (const line of lines) {
    waiting += `${line}\n`;
    if (waiting.length < 1_000_000) continue;
    await file.write(waiting);
    waiting = '';
  }
  await file.write(waiting);
}

function ledgerSigner() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { keyId: 'ledger-1', publicKey: raw, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) };
}
