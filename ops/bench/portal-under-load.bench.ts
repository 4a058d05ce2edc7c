import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { hostileMails } from '../../libs/mail/src/testing/hostile-mails.ts';
import { percentile, pinging, startBareServer } from './bare-reference.ts';
import { forgetPeak, inTemporaryDirectory, mainThreadOf, memoryOf, startPortal } from './portal-process.ts';
import { asFile, asForm, exchange, handIn, PortalReader, seal, urlencoded } from './portal-reader.ts';
import type { HandIn } from './portal-reader.ts';

/*
 * Whether the portal still answers, and what it holds, while people try to choke it. A bare server is pinged at the same
 * moments by the same process: what it shows is the machine's, not ours.
 */

interface Measured {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const AIM_MS = 50;
const MIB = 1024 * 1024;
const RECIPIENT = 'anna@example.com';

function base64url(bytes: string | Buffer): string {
  return Buffer.from(bytes).toString('base64url');
}

/** Twenty things that are no carrier of ours, or nearly one. */
function hostileFiles(carrier: Buffer): HandIn[] {
  const form = asForm(carrier);
  const text = form.body.toString('latin1');
  const altered = (at: number) =>
    urlencoded(`${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`);
  const age = 'age-encryption.org/v1\n';
  const inForm = (content: string | Buffer) => urlencoded(`m=${base64url(content)}`);
  const page = carrier.subarray(carrier.indexOf('<!DOCTYPE'), carrier.indexOf('</html>') + 7);
  const folders = Array.from(
    { length: 5000 },
    (_, at) => `--b\r\nContent-Type: multipart/mixed; boundary=b${at}\r\n\r\n`,
  );
  return [
    inForm(`${age}-> ${'mlkem768x25519 '.repeat(1_000_000)}\n`),
    inForm(`${age}${'-> X25519 AAAA\nAAAA\n'.repeat(500_000)}--- AAAA\n`),
    inForm(`${age}-> mlkem768x25519 AAAA\n${`${'A'.repeat(64)}\n`.repeat(200_000)}--- AAAA\n`),
    inForm(`${age}${'\n'.repeat(10_000_000)}`),
    inForm(randomBytes(20_000_000)),
    urlencoded(`m=${'%41'.repeat(10_000_000)}`),
    urlencoded(`m=${' '.repeat(30_000_000)}`),
    urlencoded(`m=${base64url(age)}${'%0D%0A'.repeat(5_000_000)}`),
    urlencoded(`${text}&m=${text}`),
    altered(100),
    altered(text.length - 100),
    urlencoded(text.slice(0, text.length - 1000)),
    urlencoded(text + text.slice(2)),
    asFile(randomBytes(30_000_000)),
    asFile(Buffer.from(`<html>${'<input '.repeat(4_000_000)}`)),
    asFile(Buffer.from(`<meta name="segl" content="1 x">${'<input name=m '.repeat(2_000_000)}`)),
    asFile(Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${folders.join('')}`)),
    asFile(Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n'.repeat(2_000_000)}`)),
    asFile(Buffer.from(`From: a\r\n${'X-A: b\r\n'.repeat(3_000_000)}`)),
    asFile(Buffer.concat([Buffer.alloc(1_000_000, '<p>'), page])),
  ];
}

/** Twenty mails that go deep, in their parts, in the messages within them, or in their HTML. */
function nestedMails(): Buffer[] {
  const deep = /nested|open divs|under the depth|hidden behind|formatting|close one another|50 000 parts|table/;
  const made = hostileMails().filter(({ name }) => deep.test(name));
  const names = Array.from({ length: 20 }, (_, at) => made[at % made.length]);
  return names.map((each) => each?.bytes() ?? Buffer.alloc(0));
}

async function hostile(directory: string): Promise<Measured[]> {
  const portal = await startPortal(directory);
  const bare = await startBareServer();
  const reader = new PortalReader(portal.port);
  await reader.signIn(await seal(portal, RECIPIENT, Buffer.from('Subject: first\r\n\r\nHello\r\n')));
  const files = hostileFiles(
    await seal(portal, RECIPIENT, Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), randomBytes(24_000_000)])),
  );
  const nested: HandIn[] = [];
  for (const mail of nestedMails()) nested.push(asForm(await seal(portal, RECIPIENT, mail)));

  const ports = [portal.port, bare.port];
  const idle = await pinging(ports, () => new Promise((resume) => setTimeout(resume, 3000)));
  let seconds = 0;
  const statuses = new Map<string, number>();
  const count = (what: string) => statuses.set(what, (statuses.get(what) ?? 0) + 1);
  const before = mainThreadOf(portal.pid);
  const underLoad = await pinging(ports, async () => {
    const begun = performance.now();
    await Promise.all([
      ...files.map(async (file) => count(`${(await answered(() => handIn(portal.port, file))) ?? 'cut off'}`)),
      ...nested.map(async (mail) => {
        await reader.open(mail);
        count('shown');
      }),
    ]);
    seconds = (performance.now() - begun) / 1000;
  });
  const after = mainThreadOf(portal.pid);
  bare.stop();
  await portal.stop();
  const [ours = [], theirs = [], oursNew = [], theirsNew = []] = underLoad;
  const at99 = (times: readonly number[] | undefined) => percentile(times ?? [], 0.99).toFixed(0);
  return [
    {
      name: '/healthz p99, hostile files and nested mails / 50 ms',
      ratio: percentile(ours, 0.99) / AIM_MS,
      aim: '< 1',
      detail: `${at99(ours)} ms of ${ours.length} in ${seconds.toFixed(1)} s, bare server ${at99(theirs)} ms; idle ${at99(idle[0])} and ${at99(idle[1])} ms; new connections p90 ${percentile(oursNew, 0.9).toFixed(0)} and ${percentile(theirsNew, 0.9).toFixed(0)} ms; longest ${ours.at(-1)?.toFixed(0)} and ${theirs.at(-1)?.toFixed(0)} ms; the main thread worked ${(after.workedMs - before.workedMs).toFixed(0)} ms and waited ${(after.waitedMs - before.waitedMs).toFixed(0)} ms for a core`,
    },
    {
      name: 'answers to 20 hostile files and 20 nested mails',
      ratio: [...statuses.values()].reduce((sum, each) => sum + each, 0),
      aim: '40',
      detail: [...statuses].map(([what, times]) => `${times} × ${what}`).join(', '),
    },
  ];
}

async function answered(ask: () => Promise<{ readonly status: number }>): Promise<number | null> {
  try {
    return (await ask()).status;
  } catch {
    return null; // refused before it was sent, and closed
  }
}

const UPLOADS = 200;
const UPLOAD_SECONDS = 15;
/** Just above the pace that is asked for. */
const UPLOAD_BYTES_PER_SECOND = 90_000;
const MAY_WAIT_BYTES = 128 * MIB;

/**
 * Two hundred uploads at once, as slow as allowed, of a message that is ours: together twice of what may wait. What waits is
 * bounded by the setting; the rest is what two hundred connections cost.
 */
async function slowUploads(directory: string): Promise<Measured[]> {
  const portal = await startPortal(directory, { SEGL_PORTAL_EPHEMERAL_MAX_BYTES: String(MAY_WAIT_BYTES) });
  const bare = await startBareServer();
  const carrier = asForm(
    await seal(portal, RECIPIENT, Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), randomBytes(24e6)])),
  );
  await new Promise((resume) => setTimeout(resume, 1000));
  const idle = memoryOf(portal.pid).now;
  forgetPeak(portal.pid);
  let waiting = 0;
  const [ours = [], theirs = []] = await pinging([portal.port, bare.port], async () => {
    const uploads = Array.from({ length: UPLOADS }, () => slowUpload(portal.port, carrier));
    await new Promise((resume) => setTimeout(resume, (UPLOAD_SECONDS - 1) * 1000));
    waiting = await waitingBytes(portal.managementPort);
    await Promise.all(uploads);
  });
  const { peak } = memoryOf(portal.pid);
  await new Promise((resume) => setTimeout(resume, 1000));
  const left = await waitingBytes(portal.managementPort);
  bare.stop();
  await portal.stop();
  return [
    {
      name: `memory of ${UPLOADS} slow uploads: over idle / what may wait`,
      ratio: (peak - idle) / MAY_WAIT_BYTES,
      aim: '<= 1.5',
      detail: `+${((peak - idle) / MIB).toFixed(0)} MiB where ${MAY_WAIT_BYTES / MIB} may wait and ${(waiting / MIB).toFixed(0)} did; ${(left / MIB).toFixed(1)} MiB after they went`,
    },
    {
      name: `/healthz p99, ${UPLOADS} slow uploads / 50 ms`,
      ratio: percentile(ours, 0.99) / AIM_MS,
      aim: '< 1',
      detail: `${percentile(ours, 0.99).toFixed(0)} ms, bare server ${percentile(theirs, 0.99).toFixed(0)} ms; longest ${ours.at(-1)?.toFixed(0)} and ${theirs.at(-1)?.toFixed(0)} ms`,
    },
  ];
}

async function waitingBytes(port: number): Promise<number> {
  const { body } = await exchange(port, 'GET', '/metrics');
  return Number(/^segl_waiting_bytes (\S+)/m.exec(body.toString())?.[1]);
}

/** Ten times a second a little more, until the time is over; then it is gone without a word. */
function slowUpload(port: number, { contentType, body }: HandIn): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const head = `POST /open HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: null\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.write(head);
    let sent = 0;
    const timer = setInterval(() => {
      socket.write(body.subarray(sent, sent + UPLOAD_BYTES_PER_SECOND / 10));
      sent += UPLOAD_BYTES_PER_SECOND / 10;
    }, 100);
    const over = setTimeout(() => socket.destroy(), UPLOAD_SECONDS * 1000);
    socket.on('data', () => undefined);
    socket.on('error', () => undefined); // refused for want of room
    socket.once('close', () => {
      clearInterval(timer);
      clearTimeout(over);
      resolve();
    });
  });
}

export async function bench(): Promise<Measured[]> {
  return [...(await inTemporaryDirectory(hostile)), ...(await inTemporaryDirectory(slowUploads))];
}
