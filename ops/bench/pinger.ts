import { Agent, request } from 'node:http';

/*
 * Asks servers for /healthz every 5 ms over connections that are kept, and every 100 ms over a new one, whether or not the last
 * answer came yet; from a process of its own, so that nothing else the benchmark does delays it. Run with the ports as arguments;
 * told 'stop' it answers the times in milliseconds, ascending: a list for each port over kept connections, then over new ones.
 */
const INTERVAL_MS = 5;
const NEW_CONNECTION_EVERY = 20;
/** Enough for a ping every 5 ms to a server that takes 80 ms; past that a ping waits for one, which counts. */
const CONNECTIONS = 16;

const ports = process.argv.slice(2).map(Number);
const agents = ports.map(() => new Agent({ keepAlive: true, maxSockets: CONNECTIONS }));
const kept = ports.map(() => [] as number[]);
const fresh = ports.map(() => [] as number[]);
let underWay = 0;

function ping(
  port: number,
  agent: Agent | false,
  into: number[],
  then?: () => void,
  askedAt = performance.now(),
): void {
  underWay++;
  const over = () => {
    into.push(performance.now() - askedAt);
    underWay--;
    then?.();
  };
  const asked = request({ host: '127.0.0.1', port, path: '/healthz', agent }, (answer) => {
    answer.resume();
    answer.once('close', over);
  });
  asked.once('error', (error: NodeJS.ErrnoException) => {
    // a kept connection that the server closed at that moment, as it may; else: a refused ping is no fast one
    if (!asked.reusedSocket || error.code !== 'ECONNRESET') throw error;
    underWay--;
    ping(port, agent, into, then, askedAt);
  });
  asked.end();
}

await Promise.all(
  ports.flatMap((port, index) =>
    Array.from(
      { length: CONNECTIONS },
      () => new Promise<void>((done) => ping(port, agents[index] ?? false, kept[index] ?? [], done)),
    ),
  ),
);
for (const ofOne of kept) ofOne.length = 0;
process.send?.('pinging');
let rounds = 0;
const timer = setInterval(() => {
  const isForNew = ++rounds % NEW_CONNECTION_EVERY === 0;
  ports.forEach((port, index) => {
    ping(port, agents[index] ?? false, kept[index] ?? []);
    if (isForNew) ping(port, false, fresh[index] ?? []);
  });
}, INTERVAL_MS);
process.once('message', () => {
  clearInterval(timer);
  const whenAnswered = setInterval(() => {
    if (underWay > 0) return;
    clearInterval(whenAnswered);
    process.send?.([...kept, ...fresh].map((ofOne) => ofOne.sort((one, other) => one - other)));
    process.disconnect();
  }, 1);
});
process.once('disconnect', () => process.exit(0));
