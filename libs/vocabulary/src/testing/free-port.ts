import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what a kernel gives to connections and to listeners on port 0 (Linux: ip_local_port_range, from 32768 on): of those a port
 * that was free may be another's before it is used, and a server that is down for a moment may not get its own back.
 */
const FIRST = 10_000;
const PER_WORKER = 1_000;
const WORKERS = 20;

/** Tests that run side by side have numbers of their own (Jest: JEST_WORKER_ID, from 1 on), so no two take the same. */
const block = FIRST + (Number(process.env['JEST_WORKER_ID'] ?? 0) % WORKERS) * PER_WORKER;
let next = Math.floor(Math.random() * PER_WORKER);

/**
 * A port of 127.0.0.1 for a server that is started later, or for one that never is. One process never gets the same twice, up to
 * a thousand. @throws Error when all of them are taken
 */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < PER_WORKER; tried++) {
    const port = block + (next++ % PER_WORKER);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port between ${block} and ${block + PER_WORKER} is free`);
}

/** On all addresses at once, as many servers listen. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
