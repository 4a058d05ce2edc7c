import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { CanaryAskedTooOften, CanaryUnderWay, CannotListen } from '#libs/installation';
import type { Canary, Readiness, Settings } from '#libs/installation';
import { Metrics } from '#libs/telemetry';
import { ManagementServer } from './management-server.ts';

const log = pino({ level: 'silent' });
const on = (managementPort: number) => ({ managementHost: '127.0.0.1', managementPort }) as Settings;
type Parts = Awaited<ReturnType<Readiness['ask']>>['parts'];
const answering = (isReady: boolean, text: string, parts: Parts = new Map()) =>
  ({
    ask: async () => ({ isReady, text, reasons: isReady ? '' : text, parts, ageSeconds: 0.4 }),
  }) as unknown as Readiness;

let management: ManagementServer;
beforeEach(async () => {
  management = await ManagementServer.listen(on(0), log);
});
afterEach(() => management.close());

async function ask(path: string, options: RequestInit = {}) {
  const answer = await fetch(`http://127.0.0.1:${management.port}${path}`, options);
  return [answer.status, await answer.text(), answer.headers.get('content-type')] as const;
}

function statusUnder(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: management.port, path: '/metrics', headers: { host } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    asked.once('error', reject).end();
  });
}

describe('the management port', () => {
  it('is there before anything else, alive and not ready', async () => {
    expect((await ask('/healthz')).slice(0, 2)).toEqual([200, 'alive\n']);
    expect((await ask('/readyz')).slice(0, 2)).toEqual([503, 'not ready: it is starting\n']);
    management.isWaiting('event store: cannot be reached yet; the log says why');
    expect((await ask('/readyz'))[1]).toBe('not ready: event store: cannot be reached yet; the log says why\n');
    expect((await ask('/metrics'))[0]).toBe(503);
  });

  it('says what its parts say, counts, and is not ready from the moment it stops', async () => {
    const metrics = new Metrics();
    management.serves({ readiness: answering(true, 'ready\n'), metrics, canary: null });
    metrics.countDenial('revoked');
    expect((await ask('/readyz')).slice(0, 2)).toEqual([200, 'ready\n']);
    expect((await fetch(`http://127.0.0.1:${management.port}/readyz`)).headers.get('age')).toBe('0');
    const [status, text, contentType] = await ask('/metrics');
    expect([status, contentType]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).toContain('segl_view_denials_total{reason="not-openable"} 1');
    management.serves({
      readiness: answering(false, 'keyring: cannot be used; the log says why\n'),
      metrics,
      canary: null,
    });
    expect((await ask('/readyz')).slice(0, 2)).toEqual([503, 'keyring: cannot be used; the log says why\n']);
    management.isStopping();
    expect((await ask('/readyz')).slice(0, 2)).toEqual([503, 'not ready: it is stopping\n']);
    expect((await ask('/healthz'))[0]).toBe(200);
  });

  it('says of what only warns why, once, in the log; and shows in the figures which parts are not well', async () => {
    const lines: { level: number; part?: string; msg: string }[] = [];
    const noting = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
    const noticed = await ManagementServer.listen(on(0), noting);
    const askNoticed = async (path: string) => (await fetch(`http://127.0.0.1:${noticed.port}${path}`)).text();
    const stands = (reason: string | null) =>
      answering(
        true,
        'ready\n',
        new Map([
          ['disk', { reason, onlyWarns: true }],
          ['keyring', { reason: null, onlyWarns: false }],
        ]),
      );
    const metrics = new Metrics();
    try {
      noticed.serves({ readiness: stands('900 MiB free'), metrics, canary: null });
      await askNoticed('/readyz');
      const figures = await askNoticed('/metrics');
      expect(figures).toContain('segl_part_not_well{part="disk"} 1');
      expect(figures).toContain('segl_part_not_well{part="keyring"} 0');
      noticed.serves({ readiness: stands('899 MiB free'), metrics, canary: null });
      await askNoticed('/readyz');
      noticed.serves({ readiness: stands(null), metrics, canary: null });
      expect(await askNoticed('/metrics')).toContain('segl_part_not_well{part="disk"} 0');
    } finally {
      await noticed.close();
    }
    expect(lines.map(({ part, msg }) => [part, msg])).toEqual([
      ['disk', 'ready, but not all is well: 900 MiB free'],
      ['disk', 'this is well again'],
    ]);
  });

  it('says in the log why it is not ready, and when it is again, whichever of the two is asked for', async () => {
    const lines: { level: number; msg: string }[] = [];
    const noting = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
    const noticed = await ManagementServer.listen(on(0), noting);
    const metrics = new Metrics();
    try {
      for (const [path, isReady] of [
        ['/metrics', false],
        ['/readyz', false],
        ['/readyz', true],
        ['/metrics', true],
      ] as const) {
        noticed.serves({ readiness: answering(isReady, 'ephemeral store: away'), metrics, canary: null });
        await (await fetch(`http://127.0.0.1:${noticed.port}${path}`)).text();
      }
    } finally {
      await noticed.close();
    }
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
      [40, 'not ready: ephemeral store: away'],
      [30, 'ready again'],
    ]);
  });

  it('sends a canary mail when it is asked to in JSON, which no page elsewhere may do, and one at a time', async () => {
    const asked = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const run = { outcome: 'passed', steps: [], reason: null };
    const send = jest.fn(() => Promise.resolve(run));
    const watched = { readiness: answering(true, 'ready\n'), metrics: new Metrics() };
    expect((await ask('/canary', asked))[0]).toBe(404);
    management.serves({ ...watched, canary: null });
    expect((await ask('/canary', asked))[0]).toBe(404);
    management.serves({ ...watched, canary: { runAsked: send } as unknown as Canary });
    expect((await ask('/canary', { method: 'POST', body: 'x' }))[0]).toBe(415);
    expect((await ask('/canary'))[0]).toBe(404);
    expect(send).not.toHaveBeenCalled();
    expect(JSON.parse((await ask('/canary', asked))[1])).toEqual(run);
    send.mockRejectedValueOnce(new CanaryUnderWay());
    expect((await ask('/canary', asked)).slice(0, 2)).toEqual([409, 'a canary mail is under way already\n']);
    send.mockRejectedValueOnce(new CanaryAskedTooOften(17));
    const tooOften = await fetch(`http://127.0.0.1:${management.port}/canary`, asked);
    expect([tooOften.status, tooOften.headers.get('retry-after')]).toEqual([429, '17']);
  });

  it('has nothing else, takes nothing, and answers on loopback to this machine’s names alone', async () => {
    for (const path of ['/', '/metricsx', '/m/x']) expect((await ask(path))[0]).toBe(404);
    expect((await ask('/metrics', { method: 'POST', body: 'x'.repeat(100_000) }))[0]).toBe(405);
    expect(await statusUnder('rebound.example')).toBe(421);
    expect(await statusUnder(`localhost:${management.port}`)).toBe(503);
  });

  it('says which setting is to be changed when the port is taken', async () => {
    const second = ManagementServer.listen(on(management.port), log);
    await expect(second).rejects.toThrow(CannotListen);
    await expect(second).rejects.toMatchObject({ listener: 'SEGL_MANAGEMENT', isTaken: true });
  });
});
