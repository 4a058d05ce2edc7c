import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#libs/vocabulary/testing';
import { noPostfixBecause, startPostfixInstance } from '../../apps/appliance/test/postfix-instance.ts';
import type { PostfixInstance } from '../../apps/appliance/test/postfix-instance.ts';
import { median, messageFrom } from './bare-reference.ts';
import { inTemporaryDirectory, onOneCore, preciseCpuMsOf, SENDER, startProduction } from './portal-process.ts';
import type { PortalProcess } from './portal-process.ts';

/*
 * Mails of 75 KB by SMTP, over sessions that are kept (Postfix's own smtp-source): through a whole gateway that seals each of them, to a
 * bare smtp-server that reads and forgets, and through a Postfix that passes them on after its queue; whatever passes on hands to such a
 * bare server. Gateway and bare server have one core, and the same one, each in its turn; senders and sinks have the other.
 */

const SMTP_SOURCE = '/usr/sbin/smtp-source';
const MAIL_BYTES = 75_000;
const MAILS = 200;
const SESSIONS = 10;
const ROUNDS = 5;
const RECIPIENT = 'anna@example.com';

interface Figures {
  readonly perSecond: number;
  /** Of the process that is measured; NaN where it is several. */
  readonly cpuMsPerMail: number;
}

export async function bench() {
  if (!existsSync(SMTP_SOURCE)) throw new Error(`${SMTP_SOURCE} is not here: install Debian's postfix`);
  const sink = await BareSmtp.start();
  const bare = await BareSmtp.start({ isPinned: true });
  const behind = await postfixTo(sink.port);
  const smtpPort = await freePort();
  try {
    return await inTemporaryDirectory(async (directory) => {
      const gateway = await startProduction(directory, {
        relayUrl: `smtp://127.0.0.1:${sink.port}`,
        isPinned: true,
        settings: {
          smtp: {
            host: '127.0.0.1',
            port: smtpPort,
            withoutTls: true,
            clients: [{ clientId: 'mail-server', networks: ['127.0.0.1'], senders: [SENDER] }],
          },
        },
      });
      try {
        const rounds = await taken({ gateway, smtpPort, bare, sink, behind });
        return ratiosOf(rounds, behind !== null);
      } finally {
        await gateway.stop();
      }
    });
  } finally {
    await behind?.instance.cleanUp();
    bare.stop();
    sink.stop();
  }
}

interface Parts {
  readonly gateway: PortalProcess;
  readonly smtpPort: number;
  readonly bare: BareSmtp;
  readonly sink: BareSmtp;
  readonly behind: { readonly instance: PostfixInstance; readonly port: number } | null;
}

type Round = Readonly<Record<'gateway' | 'bare' | 'postfix', Figures>>;

async function taken({ gateway, smtpPort, bare, sink, behind }: Parts): Promise<Round[]> {
  const none: Figures = { perSecond: NaN, cpuMsPerMail: NaN };
  const rounds: Round[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const measured = {
      gateway: await figures(smtpPort, sink, gateway.pid),
      bare: await figures(bare.port, bare, bare.pid),
      postfix: behind === null ? none : await figures(behind.port, sink, null),
    };
    if (round >= 0) rounds.push(measured); // the first one is for what is compiled and opened once
  }
  return rounds;
}

/** @param counts who has them in the end */
async function figures(port: number, counts: BareSmtp, pid: number | null): Promise<Figures> {
  const before = await counts.taken();
  const cpuBefore = pid === null ? NaN : preciseCpuMsOf(pid);
  const startedAt = performance.now();
  await send(port);
  while ((await counts.taken()) - before < MAILS) await sleep(2);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMs = pid === null ? NaN : preciseCpuMsOf(pid) - cpuBefore;
  return { perSecond: MAILS / seconds, cpuMsPerMail: cpuMs / MAILS };
}

function send(port: number): Promise<void> {
  const given = [
    '-d',
    '-s',
    SESSIONS,
    '-m',
    MAILS,
    '-l',
    MAIL_BYTES,
    '-f',
    SENDER,
    '-t',
    RECIPIENT,
    `127.0.0.1:${port}`,
  ];
  const source = spawn(SMTP_SOURCE, given.map(String), { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  source.stderr.on('data', (text: Buffer) => (words += text.toString()));
  return new Promise((resolve, reject) => {
    source.once('error', reject);
    source.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`smtp-source ended with ${code}: ${words}`)),
    );
  });
}

function ratiosOf(rounds: readonly Round[], hasPostfix: boolean) {
  const of = (who: keyof Round, what: keyof Figures) => median(rounds.map((round) => round[who][what]));
  const ratio = (other: 'bare' | 'postfix') =>
    median(rounds.map((round) => round.gateway.perSecond / round[other].perSecond));
  const persecond = (who: keyof Round) => `${of(who, 'perSecond').toFixed(0)}/s`;
  const figures = [
    {
      name: 'mails a second, sealed, to a bare smtp-server',
      ratio: ratio('bare'),
      aim: '>= 0.6',
      detail: `${MAIL_BYTES} bytes: ${persecond('gateway')} and ${persecond('bare')}`,
    },
    {
      name: 'processor time of a sealed mail, of a bare one',
      ratio: median(rounds.map(({ gateway, bare }) => gateway.cpuMsPerMail / bare.cpuMsPerMail)),
      aim: '-',
      detail: `${of('gateway', 'cpuMsPerMail').toFixed(1)} ms and ${of('bare', 'cpuMsPerMail').toFixed(1)} ms`,
    },
  ];
  if (!hasPostfix) return figures;
  const passed = {
    name: 'mails a second, sealed, to Postfix passing them on',
    ratio: ratio('postfix'),
    aim: '-',
    detail: `${persecond('gateway')} and ${persecond('postfix')}, Postfix on all cores and after its queue`,
  };
  return [...figures, passed];
}

/** A process of its own that takes mails and forgets them. */
class BareSmtp {
  readonly port: number;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  static async start({ isPinned = false }: { isPinned?: boolean } = {}): Promise<BareSmtp> {
    const run = [process.execPath, join(import.meta.dirname, 'bare-smtp-server.ts')] as const;
    const [command, ...rest] = isPinned ? onOneCore(run) : run;
    const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    return new BareSmtp(child, await messageFrom<number>(child));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  taken(): Promise<number> {
    const answer = messageFrom<number>(this.child);
    this.child.send('taken?');
    return answer;
  }

  stop(): void {
    this.child.disconnect();
  }
}

/** Passes everything on to one port, after its queue. */
async function postfixTo(sinkPort: number): Promise<Parts['behind']> {
  const reason = noPostfixBecause();
  if (reason !== null) {
    process.stdout.write(`without Postfix: ${reason}\n`);
    return null;
  }
  const port = await freePort();
  const instance = await startPostfixInstance(() =>
    Promise.resolve({
      main: [
        'myhostname = mx.nordlys.example',
        'disable_dns_lookups = yes',
        'mynetworks = 127.0.0.0/8',
        'smtpd_relay_restrictions = permit_mynetworks, reject',
        `relayhost = [127.0.0.1]:${sinkPort}`,
        'smtp_tls_security_level = none',
      ],
      services: ['smtp unix - - n - - smtp', `127.0.0.1:${port} inet n - n - - smtpd`],
    }),
  );
  return { instance, port };
}
