/**
 * Eight writers and a follower on a real EventStoreDB, one node or a cluster, whose leader is killed, stopped and frozen:
 *
 *   node --conditions=segl-source libs/event-store/src/testing/under-fire/eventstoredb-under-fire.ts \
 *     --node 127.0.0.1:2113=/path/to/start-node-1 [--node …] [--rounds 3] [--blows kill,stop,freeze] [--away-seconds 20] [--unsupervised]
 *
 * It starts the nodes and ends them; each command must become its server (exec), without TLS, on data of its own. Prints one line a
 * round and the sums; exits with 1 when an acknowledged event is lost, one is there twice, or a writer met a false conflict.
 */
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEventStoreDb, streamName } from '../../index.ts';
import { tick } from '../processes/store-process.ts';
import { leaderWhenWhole, Node, strike } from './nodes.ts';
import type { Blow } from './nodes.ts';
import { Follower, Writers } from './writers.ts';

const WRITERS = 8;
const BEFORE_MS = 2000;
const AFTER_MS = 3000;

const { values } = parseArgs({
  options: {
    node: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '3' },
    blows: { type: 'string', default: 'kill,stop,freeze' },
    'away-seconds': { type: 'string', default: '20' },
    unsupervised: { type: 'boolean', default: false }, // a node that ends itself is left so until it is struck
  },
});
const nodes = (values.node ?? []).map((definition) => new Node(definition, !values.unsupervised));
const blows = values.blows.split(',') as Blow[];
const awayMs = Number(values['away-seconds']) * 1000;
const url = `esdb://${nodes.map(({ where }) => where).join(',')}?tls=false`;
const longest = new Map<Blow, number>();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function rounds(): Promise<boolean> {
  await leaderWhenWhole(nodes);
  const store = await openEventStoreDb(url, {
    onNotice: ({ message }) => say(`  ${new Date().toISOString()} ${message}`),
  });
  const follower = new Follower(store);
  const name = `fire${Date.now()}`;
  const writers = new Writers(store, name, WRITERS);
  follower.start();
  writers.start();
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const blow of blows) {
      const leader = await leaderWhenWhole(nodes);
      await sleep(BEFORE_MS);
      const quietMs = writers.takeLongestPauseMs();
      await strike(leader, blow, awayMs);
      await leaderWhenWhole(nodes);
      await sleep(AFTER_MS);
      const pauseMs = writers.takeLongestPauseMs();
      longest.set(blow, Math.max(longest.get(blow) ?? 0, pauseMs));
      const { acknowledged, falseConflicts, unavailable } = writers.counts;
      for (const conflict of writers.conflicts) say(`false conflict: ${conflict}`);
      if (falseConflicts > 0) return false;
      say(
        `round ${round}, ${blow.padEnd(6)} of ${leader.where}: longest pause ${(pauseMs / 1000).toFixed(2)} s (before: ${(quietMs / 1000).toFixed(2)} s); ` +
          `so far ${acknowledged} acknowledged, ${falseConflicts} false conflicts, ${unavailable} unavailable`,
      );
    }
  }
  await writers.stop();
  // A mark behind everything: when the follower has seen it, it has seen all.
  const mark = tick(`${name}.mark`, 0);
  await store.append(streamName('ticks', `${name}.mark`), 'NONE', [mark]);
  await follower.until(({ id }) => id === mark.id);
  await follower.stop();
  await store.close();
  const fresh = await openEventStoreDb(url);
  const { acknowledged, lost, doubled, falseConflicts, unavailable } = await writers.verify(fresh, follower.seen);
  await fresh.close();
  say(
    `${acknowledged} acknowledged: ${lost} lost, ${doubled} doubled, ${falseConflicts} false conflicts, ${unavailable} unavailable`,
  );
  for (const [blow, ms] of longest) say(`longest pause of all writers, ${blow}: ${(ms / 1000).toFixed(2)} s`);
  return lost + doubled + falseConflicts === 0;
}

if (nodes.length === 0) throw new Error('no --node given');
for (const node of nodes) node.start();
try {
  process.exitCode = (await rounds()) ? 0 : 1;
} finally {
  for (const node of nodes) node.thaw();
  await Promise.all(nodes.map((node) => node.end('SIGKILL')));
}
