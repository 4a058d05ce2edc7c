import { spawnSync } from 'node:child_process';
import { median } from './bare-reference.ts';
import { inTemporaryDirectory, startPortal, startProduction } from './portal-process.ts';
import type { PortalProcess } from './portal-process.ts';

/*
 * From asking for the process to the first 200 of /readyz, on empty stores, of the bundle (ops/decisions/2026-11-30-one-bundle.md). Beside it Node itself, started to do nothing. The
 * ratio is the median over the rounds / 1 s.
 */

interface Measured {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const ROUNDS = 5;
const AIM_MS = 1000;

export async function bench(): Promise<Measured[]> {
  const starts = {
    production: startProduction,
    'the demonstration, its sample sealed': (directory: string) => startPortal(directory),
  };
  const times = new Map<string, PortalProcess[]>();
  const nothing: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    spawnSync(process.execPath, ['-e', '']);
    nothing.push(performance.now() - begun);
    for (const [name, start] of Object.entries(starts)) {
      times.set(name, [
        ...(times.get(name) ?? []),
        await inTemporaryDirectory((directory) => startOnce(start, directory)),
      ]);
    }
  }
  return [...times].map(([name, portals]) => ({
    name: `start to ready, ${name} / 1 s`,
    ratio: median(portals.map(({ readyMs }) => readyMs)) / AIM_MS,
    aim: '< 1',
    detail: `each round: ${portals.map(({ readyMs }) => readyMs.toFixed(0)).join(', ')} ms, of processor time ${median(portals.map(({ readyCpuMs }) => readyCpuMs))} ms; Node alone ${median(nothing).toFixed(0)} ms`,
  }));
}

async function startOnce(
  start: (directory: string) => Promise<PortalProcess>,
  directory: string,
): Promise<PortalProcess> {
  const portal = await start(directory);
  await portal.stop();
  return portal;
}
