import { randomBytes } from 'node:crypto';
import { median, startBareServer } from './bare-reference.ts';
import { forgetPeak, inTemporaryDirectory, memoryOf, startPortal } from './portal-process.ts';
import type { PortalProcess } from './portal-process.ts';
import { asFile, asForm, exchange, handIn, PortalReader, seal } from './portal-reader.ts';
import type { HandIn } from './portal-reader.ts';

/*
 * The whole way from the button in the attachment to the last byte of the message's page, beside a bare server that reads and
 * discards the very same POST. Signed in beforehand; each opening is the first one of its message (what waited is forgotten
 * between). Interleaved; a ratio is the median over the rounds of our time / the bare server's. Linux: memory is read in /proc.
 */

interface Measured {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const LARGE_BYTES = 25_000_000;
const SIZES = [
  { label: '75 KB', bytes: 75_000, rounds: 15, aim: '<= 8' },
  { label: '1 MB', bytes: 1_000_000, rounds: 9, aim: '' },
  { label: '25 MB', bytes: LARGE_BYTES, rounds: 7, aim: '<= 4 (prototype 4.7)' },
] as const;
const MEMORY_ROUNDS = 3;
const STALL_ROUNDS = 7;
const RECIPIENT = 'anna@example.com';
const MIB = 1024 * 1024;

/** A few words and one attachment, as most large mails are. */
function mailOf(bytes: number): Buffer {
  const before =
    'From: office@nordlys.example\r\nTo: anna@example.com\r\nSubject: The file\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n' +
    '--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>See the <b>file</b>.</p>\r\n' +
    '--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n';
  const after = '\r\n--b--\r\n';
  const file = randomBytes(Math.ceil(((bytes - before.length - after.length) * 57) / 78) + 57)
    .toString('base64')
    .replace(/.{76}/g, '$&\r\n');
  return Buffer.from(before + file.slice(0, bytes - before.length - after.length) + after);
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await action();
  return performance.now() - begun;
}

interface Times {
  readonly bare: number;
  readonly handIn: number;
  readonly open: number;
}

/** One opening, and the POST alone of another, beside the bare server; which comes first changes with the round. */
async function roundOf(port: number, bare: number, reader: PortalReader, body: HandIn, round: number): Promise<Times> {
  const times = { bare: 0, handIn: 0, open: 0 };
  const tasks = [
    async () => (times.bare = await timed(() => handIn(bare, body))),
    async () => {
      let opened: Awaited<ReturnType<PortalReader['open']>> | undefined;
      times.open = await timed(async () => (opened = await reader.open(body)));
      if (opened) await reader.finish(opened);
    },
    async () => {
      let location = '';
      times.handIn = await timed(async () => ({ location } = await handIn(port, body)));
      await reader.forget(location);
    },
  ];
  for (let i = 0; i < tasks.length; i++) await tasks[(i + round) % tasks.length]?.();
  return times;
}

async function times(directory: string): Promise<Measured[]> {
  const portal = await startPortal(directory);
  const bare = await startBareServer();
  const reader = new PortalReader(portal.port);
  await reader.signIn(await seal(portal, RECIPIENT, mailOf(10_000)));
  const results: Measured[] = [];
  for (const { label, bytes, rounds, aim } of SIZES) {
    const carrier = await seal(portal, RECIPIENT, mailOf(bytes));
    const bodies = { urlencoded: asForm(carrier), multipart: asFile(carrier) };
    const measured = { urlencoded: [] as Times[], multipart: [] as Times[] };
    for (let round = -2; round < rounds; round++) {
      for (const kind of ['urlencoded', 'multipart'] as const) {
        const taken = await roundOf(portal.port, bare.port, reader, bodies[kind], round + 3);
        if (round >= 0) measured[kind].push(taken); // the rounds before warm up
      }
    }
    for (const kind of ['urlencoded', 'multipart'] as const) {
      const of = (part: keyof Times) => median(measured[kind].map((taken) => taken[part])).toFixed(1);
      const isLarge = bytes === LARGE_BYTES;
      results.push(
        {
          name: `POST /open to page, ${kind}, ${label} / bare`,
          ratio: median(measured[kind].map(({ open, bare: discarded }) => open / discarded)),
          aim,
          detail: `${of('open')} ms; read and discarded ${of('bare')} ms`,
        },
        {
          name: `POST /open alone, ${kind}, ${label} / bare`,
          ratio: median(measured[kind].map(({ handIn: taken, bare: discarded }) => taken / discarded)),
          aim: isLarge ? `<= ${kind === 'multipart' ? 3 : 4}` : '',
          detail: `${of('handIn')} ms`,
        },
      );
    }
    results.push({
      name: `POST /open to page, ${label}: urlencoded / multipart`,
      ratio: median(measured.urlencoded.map(({ open }, round) => open / (measured.multipart[round]?.open ?? NaN))),
      aim: '',
      detail: '',
    });
  }
  bare.stop();
  await portal.stop();
  return results;
}

/**
 * Peak over idle of the first opening in a process that sealed nothing and has served one small message. A process for each
 * round, since what a process once touched it does not touch for the first time again.
 */
async function memory(directory: string): Promise<Measured[]> {
  const kinds = { urlencoded: asForm, multipart: asFile };
  const overIdle = { urlencoded: [] as number[], multipart: [] as number[] };
  for (let round = 0; round < MEMORY_ROUNDS; round++) {
    for (const kind of ['urlencoded', 'multipart'] as const) {
      const { portal, reader, large } = await warmPortal(directory, `${kind}-${round}@example.com`);
      const body = kinds[kind](large);
      const idle = memoryOf(portal.pid).now;
      forgetPeak(portal.pid);
      await reader.open(body);
      overIdle[kind].push(memoryOf(portal.pid).peak - idle);
      await portal.stop();
    }
  }
  return (['urlencoded', 'multipart'] as const).map((kind) => ({
    name: `memory of opening 25 MB, ${kind}: over idle / mail`,
    ratio: median(overIdle[kind]) / LARGE_BYTES,
    aim: '<= 2.2',
    detail: `each round: +${overIdle[kind].map((over) => (over / MIB).toFixed(0)).join(', +')} MiB`,
  }));
}

/** What our own work causes shows in every round, what other processes cause only in some: so the best round counts. */
async function stall(directory: string): Promise<Measured[]> {
  const { portal, reader, large } = await warmPortal(directory, 'stall@example.com');
  const results: Measured[] = [];
  for (const [kind, body] of [
    ['urlencoded', asForm(large)],
    ['multipart', asFile(large)],
  ] as const) {
    const stalls: number[] = [];
    for (let round = 0; round < STALL_ROUNDS; round++) {
      await longestDelayMs(portal);
      const opened = await reader.open(body);
      stalls.push(await longestDelayMs(portal));
      await reader.finish(opened);
    }
    results.push({
      name: `longest stall of opening 25 MB, ${kind} / 50 ms`,
      ratio: Math.min(...stalls) / 50,
      aim: '<= 1',
      detail: `each round: ${stalls.map((ms) => ms.toFixed(0)).join(', ')} ms`,
    });
  }
  await portal.stop();
  return results;
}

/** Sealed by a process before; this one is idle after a small message. Each recipient once: codes are limited by the hour. */
async function warmPortal(
  directory: string,
  recipient: string,
): Promise<{ portal: PortalProcess; reader: PortalReader; large: Buffer }> {
  const before = await startPortal(directory);
  const small = await seal(before, recipient, mailOf(10_000));
  const large = await seal(before, recipient, mailOf(LARGE_BYTES));
  await before.stop();
  const portal = await startPortal(directory);
  const reader = new PortalReader(portal.port);
  await reader.signIn(small);
  for (let time = 0; time < 3; time++) await reader.finish(await reader.open(asForm(small)));
  await new Promise((resume) => setTimeout(resume, 1000));
  return { portal, reader, large };
}

/** Since it was last asked for. The timer that measures it comes every 10 ms by itself, which is no delay. */
async function longestDelayMs({ managementPort }: PortalProcess): Promise<number> {
  const { body } = await exchange(managementPort, 'GET', '/metrics');
  const seconds = /^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(body.toString())?.[1];
  return Number(seconds) * 1000 - 10;
}

export async function bench(): Promise<Measured[]> {
  const results: Measured[] = [];
  for (const part of [times, memory, stall]) results.push(...(await inTemporaryDirectory(part)));
  return results;
}
