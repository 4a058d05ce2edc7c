import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';
import { forgetPeak, inTemporaryDirectory, memoryOf, SENDER, startProduction } from './portal-process.ts';
import type { PortalProcess } from './portal-process.ts';

/*
 * Mails of three sizes, sealed for one recipient by the API of a whole gateway and handed to a relay that takes them as fast as they
 * come: what the process had of memory at its highest, above what it had before. The client sends in one go. A mail that were held anywhere
 * would show: once for each copy.
 */

const MEBIBYTE = 1024 * 1024;
const PIECE = randomBytes(MEBIBYTE);
const ROUNDS = 3;
const SIZES = [10, 50, 150] as const;

export async function bench() {
  const relay = await startRelay();
  const most = await inTemporaryDirectory(async (directory) => {
    const portal = await startProduction(directory, {
      relayUrl: `smtp://127.0.0.1:${relay.port}`,
      settings: { sealing: { maxMailBytes: 150 * MEBIBYTE }, uploads: { maxBytes: 512 * MEBIBYTE } },
    });
    try {
      await seal(portal, 150); // what is made once and kept: code, pools, a heap that has grown
      await relay.takes(1);
      const peaks = new Map<number, number[]>(SIZES.map((size) => [size, []]));
      for (let round = 0; round < ROUNDS; round++)
        for (const size of SIZES) peaks.get(size)?.push(await peakOf(portal, relay, size));
      return new Map([...peaks].map(([size, each]) => [size, Math.max(...each)]));
    } finally {
      await portal.stop();
    }
  });
  await relay.close();
  const of = (size: number) => most.get(size) ?? NaN;
  const figures = SIZES.map((size) => `${size} MiB: ${(of(size) / MEBIBYTE).toFixed(0)} MiB`).join(', ');
  return [
    {
      name: 'memory for a mail of 150 MiB beside the mail',
      ratio: of(150) / (150 * MEBIBYTE),
      aim: '<= 0.25',
      detail: `at its highest in ${ROUNDS} rounds, above what the gateway had before: ${figures}`,
    },
  ];
}

/** Bytes above what was there before. */
async function peakOf(portal: PortalProcess, relay: Relay, mebibytes: number): Promise<number> {
  await sleep(2000); // the collector's own pace
  const before = memoryOf(portal.pid).now;
  forgetPeak(portal.pid);
  await seal(portal, mebibytes);
  await relay.takes(1);
  return memoryOf(portal.pid).peak - before;
}

async function seal({ port, publicUrl, program }: PortalProcess, mebibytes: number): Promise<void> {
  const head = Buffer.from(`From: ${SENDER}\r\nSubject: large\r\n\r\n`);
  const length = mebibytes * MEBIBYTE;
  const headers = {
    host: publicUrl.host,
    'content-type': 'message/rfc822',
    'content-length': length,
    authorization: `Bearer ${await program.accessToken(port, publicUrl)}`,
    'segl-sender': SENDER,
    'segl-recipient': 'anna@example.com',
  };
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method: 'POST', path: '/api/v1/messages', headers, agent: false });
    asked.once('error', reject);
    asked.once('response', (answer) => {
      let text = '';
      answer.on('data', (piece: Buffer) => (text += piece.toString()));
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    void (async () => {
      asked.write(head);
      for (let left = length - head.length; left > 0; left -= PIECE.length) {
        if (!asked.write(PIECE.subarray(0, Math.min(left, PIECE.length))))
          await new Promise((resume) => asked.once('drain', resume));
      }
      asked.end();
    })();
  });
  if (status !== 201) throw new Error(`sealing was answered ${status}: ${text}`);
}

interface Relay {
  readonly port: number;
  /** Resolves once it has taken so many mails more than before. */
  takes(mails: number): Promise<void>;
  close(): Promise<void>;
}

/** Takes everything and keeps nothing. */
async function startRelay(): Promise<Relay> {
  let taken = 0;
  let awaited = 0;
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData: (stream, _session, done) => {
      stream.resume();
      stream.once('end', () => {
        taken++;
        done();
      });
    },
  });
  const listening = server.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  return {
    port: (listening.address() as AddressInfo).port,
    async takes(mails) {
      awaited += mails;
      while (taken < awaited) await sleep(5);
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
