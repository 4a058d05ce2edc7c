import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { median, messageFrom } from './bare-reference.ts';
import { inTemporaryDirectory, onOneCore, preciseCpuMsOf, startProduction } from './portal-process.ts';
import { exchange } from './portal-reader.ts';

/*
 * What the house adds to a page: languages, headers, limits, metrics. The portal beside a bare server of Node that renders the very
 * template with the very values; both answers must be the same bytes. Processor time, each with one core, on connections that are kept.
 */

interface Measured {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const PATHS = ['/help', '/privacy'] as const;
const ROUNDS = 9;
/** Before them: what is compiled late. */
const WARM_UP_ROUNDS = 4;
const REQUESTS = 250;

interface Server {
  readonly pid: number;
  readonly port: number;
}

/** Processor time of the server for each request, in milliseconds. */
async function cpuMsOf({ pid, port }: Server, path: string): Promise<number> {
  const before = preciseCpuMsOf(pid);
  for (let request = 0; request < REQUESTS; request++) await exchange(port, 'GET', path, HEADERS);
  return (preciseCpuMsOf(pid) - before) / REQUESTS;
}

const HEADERS = { host: 'mail.example.org' };

async function assertSame(portal: Server, bare: Server, path: string): Promise<void> {
  const [ours, theirs] = [await exchange(portal.port, 'GET', path, HEADERS), await exchange(bare.port, 'GET', path)];
  if (ours.status !== 200 || !ours.body.equals(theirs.body))
    throw new Error(`${path} of the portal (${ours.status}) and of the bare server are not the same page`);
}

export async function bench(): Promise<Measured[]> {
  return inTemporaryDirectory(async (directory) => {
    const portal = await startProduction(directory, { isPinned: true });
    const file = join(import.meta.dirname, 'bare-page-server.ts');
    const loader = resolve(import.meta.dirname, '..', 'source-loader.mjs');
    const [command, ...rest] = onOneCore([process.execPath, '--import', loader, file, portal.publicUrl.href]);
    const child = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    try {
      const bare = { pid: child.pid ?? 0, port: await messageFrom<number>(child) };
      const results: Measured[] = [];
      for (const path of PATHS) {
        await assertSame(portal, bare, path);
        const ours: number[] = [];
        const theirs: number[] = [];
        for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
          const [one, other] = [await cpuMsOf(portal, path), await cpuMsOf(bare, path)];
          if (round < 0) continue;
          ours.push(one);
          theirs.push(other);
        }
        results.push({
          name: `page ${path} / bare server, same template`,
          ratio: median(ours.map((one, at) => one / (theirs[at] ?? NaN))),
          aim: '<= 2',
          detail: `${median(ours).toFixed(2)} ms of processor time, bare ${median(theirs).toFixed(2)} ms`,
        });
      }
      return results;
    } finally {
      if (child.connected) child.disconnect();
      await portal.stop();
    }
  });
}
