import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HAPROXY = '/usr/sbin/haproxy';
/** Places for processes behind each part: as many as there ever are at once while pods are exchanged, and one more. */
const PLACES = 5;

type Part = 'portal' | 'gateway';

/** What HAProxy counted of one process. */
export interface Counted {
  readonly name: string;
  readonly requests: number;
  /** Connections that failed, answers that broke off, and requests that were sent to another process for it. */
  readonly failed: number;
  /** Answers that began with 4 or 5. */
  readonly refused: number;
}

/**
 * HAProxy as an ingress controller of a cluster runs it: by its runtime interface it is told which pods there are, by nothing else.
 * It tries nothing twice, so that whatever fails behind it is seen by the reader.
 */
export class WayIn {
  private readonly taken = new Map<string, string>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly socket: string,
    readonly url: URL,
  ) {}

  static isHere(): boolean {
    return existsSync(HAPROXY);
  }

  /** @param mailbox what answers below `/demo/mailbox` @param place a directory of its own */
  static async start(port: number, mailbox: URL, place: string): Promise<WayIn> {
    const socket = join(place, 'runtime');
    const file = join(place, 'haproxy.cfg');
    await writeFile(file, configuration(port, mailbox, socket));
    const child = spawn(HAPROXY, ['-db', '-f', file], { stdio: 'ignore' });
    const wayIn = new WayIn(child, socket, new URL(`http://localhost:${port}`));
    for (let look = 0; ; look++) {
      if ((await wayIn.ask('show info').catch(() => '')) !== '') return wayIn;
      if (child.exitCode !== null || look > 1000) throw new Error('HAProxy does not run');
      await sleep(20);
    }
  }

  /** The pod is ready: it is given requests. */
  async admit(part: Part, name: string, url: URL): Promise<void> {
    const places = Array.from({ length: PLACES }, (_, index) => `${part}/${part}-place-${index + 1}`);
    const place = this.taken.get(name) ?? places.find((each) => ![...this.taken.values()].includes(each));
    if (place === undefined) throw new Error(`no place for ${name}`);
    this.taken.set(name, place);
    await this.ask(`set server ${place} addr 127.0.0.1 port ${url.port}`);
    await this.ask(`set server ${place} state ready`);
  }

  /** The pod goes: it is given no more requests; those under way go on. */
  async dismiss(name: string): Promise<void> {
    await this.ask(`set server ${this.taken.get(name)} state maint`);
  }

  async counted(): Promise<Counted[]> {
    const [head = '', ...lines] = (await this.ask('show stat')).trim().split('\n');
    const columns = head.replace(/^# /, '').split(',');
    const rows = lines.map((line) => {
      const fields = line.split(',');
      return (column: string) => fields[columns.indexOf(column)] ?? '';
    });
    const number = (row: (column: string) => string, ...names: string[]) =>
      names.reduce((sum, column) => sum + Number(row(column) || 0), 0);
    return [...this.taken].map(([name, place]) => {
      const row = rows.find((each) => `${each('pxname')}/${each('svname')}` === place) ?? (() => '');
      return {
        name,
        requests: number(row, 'stot'),
        failed: number(row, 'econ', 'eresp', 'wretr', 'wredis', 'srv_abrt'),
        refused: number(row, 'hrsp_4xx', 'hrsp_5xx'),
      };
    });
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }

  private ask(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(this.socket, () => socket.write(`${command}\n`));
      socket.on('data', (piece: Buffer) => (answer += piece.toString()));
      socket.once('error', reject).once('end', () => resolve(answer));
    });
  }
}

function configuration(port: number, mailbox: URL, socket: string): string {
  const part = (name: Part) => [
    `backend ${name}`,
    '  balance roundrobin',
    `  server-template ${name}-place- 1-${PLACES} 127.0.0.1:1 disabled`,
  ];
  return [
    'global',
    `  stats socket ${socket} mode 600 level admin`,
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 120s',
    '  timeout server 120s',
    '  retries 0',
    'frontend readers',
    `  bind 127.0.0.1:${port}`,
    '  use_backend mailbox if { path_beg /demo/mailbox }',
    '  use_backend gateway if { path_beg /api/ }',
    '  default_backend portal',
    'backend mailbox',
    `  server front 127.0.0.1:${mailbox.port}`,
    ...part('portal'),
    ...part('gateway'),
    '',
  ].join('\n');
}
