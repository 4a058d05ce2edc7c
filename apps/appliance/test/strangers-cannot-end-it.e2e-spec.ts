import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

let portal: RunningProcess;
beforeAll(async () => {
  portal = await startProcess();
}, 60_000);
afterAll(async () => {
  await portal.stop();
  await portal.cleanUp();
});

/** Sends these very bytes, and hangs up after so many milliseconds if the portal has not. @returns what it said */
async function say(request: string, hangUpMs = 5000): Promise<string> {
  const socket = connect(Number(portal.url.port), '127.0.0.1');
  let answer = '';
  socket.on('data', (piece) => (answer += piece.toString('latin1'))).on('error', () => undefined);
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const timer = setTimeout(() => socket.destroy(), hangUpMs);
  socket.write(request, 'latin1');
  await over;
  clearTimeout(timer);
  return answer;
}

const form = `--x\r\nContent-Disposition: form-data; name="carrier"; filename="message.html"\r\n\r\n<html>${'a'.repeat(2000)}`;

function handIn(body: string, contentLength = body.length): string {
  return (
    'POST /open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=x\r\n' +
    `Content-Length: ${contentLength}\r\n\r\n${body}`
  );
}

describe('whatever a stranger sends', () => {
  it.each<[string, string, number, RegExp]>([
    ['a form that ends within its file', handIn(form), 5000, /^HTTP\/1\.1 400 /],
    ['a form that never comes to its end', handIn(form, form.length + 1000), 300, /^$/],
    ['a form without a file', handIn('--x--\r\n'), 5000, /^HTTP\/1\.1 400 /],
  ])('the process lives and says nothing of it: %s', async (_what, request, hangUpMs, expected) => {
    expect(await say(request, hangUpMs)).toMatch(expected);
    expect((await fetch(new URL('/healthz', portal.url))).status).toBe(200);
    expect(portal.output()).not.toMatch(/unexpected|Warning|Error/);
  });

  it('a demonstration is not there under another name than this machine’s', async () => {
    for (const path of ['/demo/mailbox', '/', '/readyz']) {
      const answer = await say(`GET ${path} HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 421 /);
      expect(answer).not.toContain('Nordlys');
    }
  });
});
