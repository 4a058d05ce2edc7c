import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, messageFrom, percentile } from './bare-reference.ts';
import { startCodeMailbox } from './code-mailbox.ts';
import type { CodeMailbox } from './code-mailbox.ts';
import { inTemporaryDirectory, onOneCore, preciseCpuMsOf, SENDER, startProduction } from './portal-process.ts';
import type { PortalProcess } from './portal-process.ts';
import { asForm, exchange, PortalReader, seal } from './portal-reader.ts';

/*
 * A whole sign-in, from the message's page to the one that asks for the confirming click: by a passcode (mailed to a server that
 * answers at once) and by an account (at a provider in a process of its own); and a program's token with its first use. The portal
 * has one core for all its threads, and so has each reference. What is compared is processor time, which a busy machine changes
 * least: so much of it as a second has is what one core can do. SEGL_BENCH_PROFILE names a directory for a profile of the portal.
 */

interface Measured {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const ROUNDS = 7;
/** Before them: what is compiled late and what waits to be made once. */
const WARM_UP_ROUNDS = 2;
/** Of a round and way. Each person has a message of their own, since codes are limited by the hour. */
const PEOPLE_IN_TURN = 12;
const PEOPLE_AT_ONCE = 24;
const AT_ONCE = 4;
const TOKENS = 40;
const BARE_REQUESTS = 1000;
const HASHES = 10;
const SIGNATURES = 300;

interface Taken {
  /** Processor time of the portal for each. */
  readonly cpuMs: number;
  readonly requestsOfEach: number;
  /** By the clock: each that was taken in turn, and how many there were in a second of those at once. */
  readonly times: readonly number[];
  readonly perSecond: number;
}

interface References {
  /** Processor time of each. */
  readonly bareMs: number;
  readonly argon2Ms: number;
  readonly nodeArgon2Ms: number;
  readonly es256Ms: number;
}

type Round = References & { readonly [What in 'passcode' | 'account' | 'token']: Taken };

/** `doOne` for every one: first in turn, then some at once. @returns processor time for each, over all of them */
async function taken<One>(pid: number, all: readonly One[], doOne: (one: One) => Promise<number>): Promise<Taken> {
  const inTurn = all.slice(0, Math.round((all.length * PEOPLE_IN_TURN) / (PEOPLE_IN_TURN + PEOPLE_AT_ONCE)));
  const atOnce = all.slice(inTurn.length).values();
  const cpuBefore = preciseCpuMsOf(pid);
  const times: number[] = [];
  let requestsOfEach = 0;
  for (const one of inTurn) {
    const begun = performance.now();
    requestsOfEach = await doOne(one);
    times.push(performance.now() - begun);
  }
  const begun = performance.now();
  const lane = async () => {
    for (const one of atOnce) await doOne(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const perSecond = ((all.length - inTurn.length) * 1000) / (performance.now() - begun);
  return { cpuMs: (preciseCpuMsOf(pid) - cpuBefore) / all.length, requestsOfEach, times, perSecond };
}

interface Message {
  readonly path: string;
  readonly address: string;
  readonly reader: PortalReader;
}

class Visitors {
  private readonly portal: PortalProcess;
  private readonly mailbox: CodeMailbox;
  private people = 0;

  constructor(portal: PortalProcess, mailbox: CodeMailbox) {
    this.portal = portal;
    this.mailbox = mailbox;
  }

  async signIn(way: 'passcode' | 'account'): Promise<Taken> {
    const { pid, publicUrl } = this.portal;
    return taken(pid, await this.handedIn(PEOPLE_IN_TURN + PEOPLE_AT_ONCE), async ({ path, address, reader }) => {
      if (way === 'passcode') await reader.proveByCode(path, () => this.mailbox.codeTo(address));
      else await reader.proveByAccount(path, publicUrl);
      return reader.requests;
    });
  }

  /** A token, and what makes the portal look at it: nothing is sealed, since the request says nothing more. */
  async tokens(): Promise<Taken> {
    const { pid, port, publicUrl, program } = this.portal;
    return taken(pid, Array.from({ length: TOKENS }), async () => {
      const { token } = await program.newToken(port, publicUrl);
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'message/rfc822' };
      const { status } = await exchange(port, 'POST', '/api/v1/messages', headers, Buffer.from('\r\n'));
      if (status !== 400) throw new Error(`a good token on a bad request was answered ${status}`);
      return 2;
    });
  }

  private async handedIn(count: number): Promise<Message[]> {
    const messages: Message[] = [];
    for (let each = 0; each < count; each++) {
      const address = `person-${(this.people += 1)}@example.com`;
      const carrier = await seal(this.portal, address, Buffer.from(`From: ${SENDER}\r\nSubject: x\r\n\r\nHello\r\n`));
      const reader = new PortalReader(this.portal.port);
      messages.push({ address, reader, path: await reader.handIn(asForm(carrier)) });
    }
    return messages;
  }
}

function startReference(file: string): ChildProcess {
  const [command, ...rest] = onOneCore([process.execPath, join(import.meta.dirname, file)]);
  return spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

function msOf(reference: ChildProcess, what: string, times: number): Promise<number> {
  const answer = messageFrom<number>(reference);
  reference.send({ what, times });
  return answer;
}

async function bareMs({ pid = 0 }: ChildProcess, port: number): Promise<number> {
  const before = preciseCpuMsOf(pid);
  for (let request = 0; request < BARE_REQUESTS; request++) await exchange(port, 'GET', '/');
  return (preciseCpuMsOf(pid) - before) / BARE_REQUESTS;
}

async function rounds(directory: string): Promise<Round[]> {
  const mailbox = await startCodeMailbox();
  const accounts = fork(join(import.meta.dirname, 'account-provider.ts'), { execArgv: [] });
  const { issuer, clientId, secret } = await messageFrom<Record<string, string>>(accounts);
  const clientSecretFile = join(directory, 'secret');
  writeFileSync(clientSecretFile, String(secret));
  const provider = { clientId, clientSecretFile, issuer, privateAddresses: ['127.0.0.1'] };
  const portal = await startProduction(directory, {
    relayUrl: mailbox.url,
    signIn: { organisation: [{ ...provider, name: 'Example ID', domains: ['example.com'] }] },
    isPinned: true,
  });
  const bare = startReference('bare-server.ts');
  const barePort = await messageFrom<number>(bare);
  const crypto = startReference('crypto-reference.ts');
  await messageFrom(crypto);
  const visitors = new Visitors(portal, mailbox);
  const measured: Round[] = [];
  try {
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      const of: Round = {
        passcode: await visitors.signIn('passcode'),
        argon2Ms: await msOf(crypto, 'argon2', HASHES),
        nodeArgon2Ms: await msOf(crypto, 'argon2 of Node', HASHES),
        account: await visitors.signIn('account'),
        bareMs: await bareMs(bare, barePort),
        token: await visitors.tokens(),
        es256Ms: await msOf(crypto, 'es256', SIGNATURES),
      };
      if (round >= 0) measured.push(of);
    }
  } finally {
    for (const helper of [bare, crypto, accounts]) helper.disconnect();
    await portal.stop();
    mailbox.close();
  }
  return measured;
}

/** Median over the rounds, and between which values they lay. */
function spread(values: readonly number[], digits: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits));
  return `${median(values).toFixed(digits)} (${least} to ${most})`;
}

function signInLines(way: 'passcode' | 'account', measured: readonly Round[]): Measured[] {
  const each = measured.map((round) => round[way]);
  const times = each.flatMap((one) => one.times).sort((one, other) => one - other);
  const requests = each[0]?.requestsOfEach ?? 0;
  const onOneCoreInASecond = each.map(({ cpuMs }) => 1000 / cpuMs);
  const hashes = way === 'passcode' ? 2 : 0;
  const beyondHashes = measured.map((round) => round[way].cpuMs - hashes * round.argon2Ms);
  return [
    {
      name: `sign-in by ${way}${hashes > 0 ? ' beyond its hashes' : ''} / ${requests} bare requests`,
      ratio: median(measured.map(({ bareMs: bareEach }, at) => (beyondHashes[at] ?? NaN) / (requests * bareEach))),
      aim: way === 'passcode' ? '<= 55' : '<= 22',
      detail: `${spread(beyondHashes, 1)} ms of processor time; a bare request ${median(measured.map((round) => round.bareMs)).toFixed(3)} ms`,
    },
    {
      name: `sign-in by ${way}: p95 / median, one at a time`,
      ratio: percentile(times, 0.95) / percentile(times, 0.5),
      aim: '<= 2',
      detail: `p95 ${percentile(times, 0.95).toFixed(0)} ms, median ${percentile(times, 0.5).toFixed(0)} ms; on one core ${spread(onOneCoreInASecond, 1)} sign-ins/s = ${(median(onOneCoreInASecond) * requests).toFixed(0)} requests/s; by the clock ${spread(
        each.map(({ perSecond }) => perSecond),
        1,
      )}/s, ${AT_ONCE} at once`,
    },
  ];
}

export async function bench(): Promise<Measured[]> {
  const measured = await inTemporaryDirectory(rounds);
  const hashesInASecond = measured.map(({ argon2Ms }) => 1000 / argon2Ms);
  const tokensInASecond = measured.map(({ token }) => 1000 / token.cpuMs);
  const tokenTimes = measured.flatMap(({ token }) => token.times).sort((one, other) => one - other);
  return [
    {
      name: 'sign-in by passcode / its 2 argon2 hashes',
      ratio: median(measured.map(({ passcode, argon2Ms }) => passcode.cpuMs / (2 * argon2Ms))),
      aim: '<= 1.5',
      detail: `${spread(
        measured.map(({ passcode }) => passcode.cpuMs),
        1,
      )} ms of processor time; ${spread(hashesInASecond, 1)} hashes/s on one core`,
    },
    ...signInLines('passcode', measured),
    ...signInLines('account', measured),
    {
      name: 'token by client credentials, used / ES256',
      ratio: median(measured.map(({ token, es256Ms }) => token.cpuMs / es256Ms)),
      aim: '<= 15',
      detail: `${spread(
        measured.map(({ token }) => token.cpuMs),
        2,
      )} ms of processor time, ${spread(tokensInASecond, 0)}/s on one core; p95 ${percentile(tokenTimes, 0.95).toFixed(1)} ms; one signature and its check ${median(measured.map(({ es256Ms }) => es256Ms)).toFixed(3)} ms`,
    },
    {
      name: 'argon2 as used / argon2 of Node',
      ratio: median(measured.map(({ argon2Ms, nodeArgon2Ms }) => argon2Ms / nodeArgon2Ms)),
      aim: '<= 1 (0.35 with SIMD)',
      detail: `${spread(
        measured.map(({ argon2Ms }) => argon2Ms),
        1,
      )} and ${spread(
        measured.map(({ nodeArgon2Ms }) => nodeArgon2Ms),
        1,
      )} ms`,
    },
  ];
}
