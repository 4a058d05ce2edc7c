import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SMTPServerOptions } from 'smtp-server';
import { initKeyring, rotateKey } from '#libs/keyring';
import { startSmtpSink } from '#libs/mail/testing';
import type { SmtpSink, SunkMail } from '#libs/mail/testing';
import { SystemClock } from '#libs/vocabulary';
import { freePort } from '#libs/vocabulary/testing';
import { Front } from './front.ts';
import { NORDLYS } from './installation.ts';
import { Program } from './program.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

export const PROCESSES = ['portal-1', 'portal-2', 'gateway', 'console-1', 'console-2'] as const;
/** A portal that takes another's place has a name of its own, as a pod has. */
export type ProcessName = (typeof PROCESSES)[number] | 'portal-3' | 'portal-4' | 'gateway-2';

/** The files of a keyring that each role has on its machine, and no others (the versions of `sealing` are handed out as they come). */
const KEY_FILES: Readonly<Record<string, readonly string[]>> = {
  portal: [
    'sealing-1.key',
    'sealing-1.pub',
    'manifest-1.pub',
    'oidc-1.key',
    'cookies-1.key',
    'ephemeral-1.key',
    'person-wrapping-1.key',
    'person-index-1.key',
  ],
  gateway: [
    'sealing-1.pub',
    'manifest-1.key',
    'oidc-1.pub',
    'ephemeral-1.key',
    'person-wrapping-1.key',
    'person-index-1.key',
  ],
  console: [
    'ledger-1.key',
    'oidc-1.pub',
    'cookies-1.key',
    'ephemeral-1.key',
    'person-wrapping-1.key',
    'person-index-1.key',
  ],
};

export interface SharedStores {
  readonly eventStore: string;
  readonly ephemeralStore: string;
  readonly personKeys: string;
}

/** Two portals, a gateway and two consoles, each in a process with its own directories and its own keys, behind one front. */
export class SeveralProcesses {
  private readonly running = new Map<ProcessName, RunningProcess>();
  private readonly ports = new Map<ProcessName, { readonly readers: number; readonly management: number }>();
  private readonly output: string[] = [];

  private constructor(
    readonly directory: string,
    readonly stores: SharedStores,
    private readonly sink: SmtpSink,
    readonly front: Front,
    readonly program: Program,
  ) {}

  /** @param storesIn is given a directory of this machine that all processes may share */
  static async start(
    storesIn: (directory: string) => Promise<SharedStores>,
    settings: object | ((all: SeveralProcesses) => Promise<object>) = {},
    names: readonly ProcessName[] = PROCESSES,
    ofNextHop: SMTPServerOptions = {},
  ): Promise<SeveralProcesses> {
    const directory = await mkdtemp(join(tmpdir(), 'segl-several-'));
    const sink = await startSmtpSink(ofNextHop);
    const front = await Front.start(sink.mails);
    const program = await Program.in(directory, ['@nordlys.example']);
    const all = new SeveralProcesses(directory, await storesIn(directory), sink, front, program);
    await initKeyring(all.keyringOf('whole'), { demonstration: false, now: new SystemClock().now() });
    const more: object = typeof settings === 'function' ? await settings(all) : settings;
    await writeFile(join(directory, 'segl.yaml'), JSON.stringify({ ...all.configuration(), ...more })); // which is YAML
    try {
      for (const name of names) await all.startOne(name);
      return all;
    } catch (error) {
      await all.stop().catch(() => undefined);
      throw error;
    }
  }

  get url(): URL {
    return this.front.url;
  }

  /** Every mail that left, oldest first. */
  get mails(): readonly SunkMail[] {
    return this.sink.mails;
  }

  process(name: ProcessName): RunningProcess {
    const running = this.running.get(name);
    if (running === undefined) throw new Error(`${name} does not run`);
    return running;
  }

  /** Where a process listens, or will. */
  addressOf(name: ProcessName): URL {
    return new URL(`http://localhost:${this.ports.get(name)?.readers ?? 0}`);
  }

  /** Where it says how it is, or will. */
  managementOf(name: ProcessName): URL {
    return new URL(`http://localhost:${this.ports.get(name)?.management ?? 0}`);
  }

  /** Everything that every process ever wrote to its log. */
  everythingSaid(): string {
    return [...this.output, ...[...this.running.values()].map((running) => running.output())].join('\n');
  }

  dataDirOf(name: ProcessName): string {
    return join(this.directory, `data-${name}`);
  }

  keyringOf(name: ProcessName | 'whole'): string {
    return join(this.directory, `keyring-${name}`);
  }

  /** What a library may put aside for a moment would land there. */
  scratchOf(name: ProcessName): string {
    return join(this.directory, `scratch-${name}`);
  }

  /** The environment of one process, whole: what its supervisor would give it. */
  environmentOf(name: ProcessName): Record<string, string> {
    return {
      SEGL_CONFIG: join(this.directory, 'segl.yaml'),
      SEGL_ROLES: roleOf(name),
      SEGL_KEYRING: this.keyringOf(name),
      TMPDIR: this.scratchOf(name),
      HOME: this.scratchOf(name),
    };
  }

  async startOne(name: ProcessName): Promise<RunningProcess> {
    const ports = this.ports.get(name) ?? { readers: await freePort(), management: await freePort() };
    if (!this.ports.has(name)) {
      await mkdir(this.keyringOf(name), { mode: 0o700 });
      await mkdir(this.scratchOf(name));
      for (const file of KEY_FILES[roleOf(name)] ?? []) await this.handOut(file, name);
    }
    this.ports.set(name, ports);
    const running = await startProcess({
      arguments: [],
      dataDir: this.dataDirOf(name),
      port: ports.readers,
      managementPort: ports.management,
      environment: this.environmentOf(name),
    });
    this.running.set(name, running);
    this.front.lead(roleOf(name), name, running.url);
    return running;
  }

  /** SIGKILL. The front finds out by itself, as a real one does. */
  async kill(name: ProcessName): Promise<void> {
    const running = this.process(name);
    await running.kill();
    this.output.push(running.output());
    this.running.delete(name);
  }

  /** SIGTERM, and waits. @returns the exit code */
  async stopOne(name: ProcessName): Promise<number | null> {
    const running = this.process(name);
    const code = await running.stop();
    this.output.push(running.output());
    this.running.delete(name);
    return code;
  }

  /** As the keeper of the keys brings a file of them to one machine. */
  async handOut(file: string, name: ProcessName): Promise<void> {
    await copyFile(join(this.keyringOf('whole'), file), join(this.keyringOf(name), file));
  }

  async newSealingKey(): Promise<string> {
    return rotateKey(this.keyringOf('whole'), 'sealing', { now: new SystemClock().now() });
  }

  async stop(): Promise<void> {
    const codes = await Promise.all([...this.running.values()].map((running) => running.stop()));
    await this.front.close();
    await this.sink.close();
    await rm(this.directory, { recursive: true, force: true });
    if (codes.some((code) => code !== 0)) throw new Error(`ended with ${codes.join(', ')}:\n${this.everythingSaid()}`);
  }

  private configuration(): Record<string, unknown> {
    const { eventStore, ephemeralStore, personKeys } = this.stores;
    return {
      publicUrl: this.front.url.origin,
      httpHost: '127.0.0.1',
      eventStore,
      ephemeralStore,
      personKeys,
      relayUrl: `smtp://127.0.0.1:${this.sink.port}`,
      organisation: NORDLYS.organisation,
      passcode: { sender: 'no-reply@nordlys.example', codesPerHour: 1000, codesPerHourAndNetwork: 1000 },
      signIn: { clients: [this.program.client] },
    };
  }
}

export function roleOf(name: ProcessName): 'portal' | 'gateway' | 'console' {
  return name.replace(/-\d$/, '') as 'portal' | 'gateway' | 'console';
}
