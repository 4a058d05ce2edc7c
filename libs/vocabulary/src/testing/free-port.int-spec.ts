import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { freePort } from './free-port.ts';

describe('ports for servers of tests', () => {
  it('are never the same twice, and never one that the kernel gives to others', async () => {
    const ports: number[] = [];
    for (let taken = 0; taken < 300; taken++) ports.push(await freePort());
    expect(new Set(ports).size).toBe(300);
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });

  it('are of another number for each worker', async () => {
    const port = await freePort();
    expect(Math.floor(port / 1_000)).toBe(10 + (Number(process.env['JEST_WORKER_ID']) % 20));
  });

  it.each(['127.0.0.1', '::'])('pass over one that is taken on %s', async (address) => {
    const before = await freePort();
    const server = createServer().listen(before + 1, address);
    await once(server, 'listening').catch(() => undefined); // another's: as good
    expect(await freePort()).not.toBe(before + 1);
    server.close();
  });
});
