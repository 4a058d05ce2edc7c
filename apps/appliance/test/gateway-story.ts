import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initKeyring } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import { freePort } from '#libs/vocabulary/testing';
import { mailFrom, NORDLYS } from './installation.ts';
import { startPostfix } from './postfix.ts';
import type { Postfix } from './postfix.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';
import { startSendingPostfix } from './sending-postfix.ts';
import type { SendingPostfix } from './sending-postfix.ts';

export interface GatewayStoryOptions {
  /** Mailboxes of the mail server behind. */
  readonly addresses: readonly string[];
  /** Of the policy's file. */
  readonly policy: string;
  readonly gateways?: number;
  /** Of each process. Default: everything, in one. */
  readonly roles?: readonly string[];
  readonly attemptSeconds?: number;
  readonly connectionsAtOnce?: number;
}

/** A Postfix in front, gateways of one organisation on the same stores, a Postfix behind: all of them real, on loopback. */
export class GatewayStory {
  readonly running = new Map<number, RunningProcess>();
  private readonly outputs: string[] = [];

  private constructor(
    readonly directory: string,
    readonly behind: Postfix,
    readonly inFront: SendingPostfix,
    readonly ports: readonly { readonly http: number; readonly management: number; readonly smtp: number }[],
  ) {}

  static async start(options: GatewayStoryOptions): Promise<GatewayStory> {
    const { addresses, policy, gateways = 1, roles, attemptSeconds, connectionsAtOnce } = options;
    const directory = await mkdtemp(join(tmpdir(), 'segl-gateway-'));
    const ports: { http: number; management: number; smtp: number }[] = [];
    for (let index = 0; index < gateways; index++)
      ports.push({ http: await freePort(), management: await freePort(), smtp: await freePort() });
    const behind = await startPostfix(addresses);
    const inFront = await startSendingPostfix(
      ports.map(({ smtp }) => smtp),
      { connectionsAtOnce },
    );
    const story = new GatewayStory(directory, behind, inFront, ports);
    await story.sayPolicy(policy);
    await initKeyring(join(directory, 'keyring'), { demonstration: false, now: new SystemClock().now() });
    for (const [index, { http, smtp }] of ports.entries()) {
      const settings = {
        publicUrl: `http://localhost:${ports[0]?.http ?? http}`,
        httpHost: '127.0.0.1',
        ...(roles && { roles }),
        eventStore: `sqlite:${join(directory, 'events.sqlite')}`,
        personKeys: `sqlite:${join(directory, 'persons.sqlite')}`,
        keyring: join(directory, 'keyring'),
        relayUrl: `smtp://127.0.0.1:${behind.port}`,
        ...NORDLYS,
        organisation: { ...NORDLYS.organisation, locales: ['en', 'da'] },
        smtp: mailFrom('127.0.0.1', smtp),
        gateway: {
          policyFile: join(directory, 'policy.yaml'),
          ...(attemptSeconds !== undefined && { attemptSeconds }),
        },
      };
      await writeFile(story.configurationOf(index), JSON.stringify(settings)); // which is YAML
    }
    return story;
  }

  get url(): URL {
    return new URL(`http://localhost:${this.ports[0]?.http ?? 0}`);
  }

  configurationOf(index: number): string {
    return join(this.directory, `segl-${index}.yaml`);
  }

  /** Writes the policy's file, and says so to nobody. */
  sayPolicy(text: string): Promise<void> {
    return writeFile(join(this.directory, 'policy.yaml'), text);
  }

  async startGateway(index = 0): Promise<RunningProcess> {
    const { http, management } = this.ports[index] ?? { http: 0, management: 0 };
    const running = await startProcess({
      arguments: [],
      dataDir: join(this.directory, `data-${index}`),
      port: http,
      managementPort: management,
      environment: { SEGL_CONFIG: this.configurationOf(index) },
    });
    this.running.set(index, running);
    return running;
  }

  async killGateway(index = 0): Promise<void> {
    const running = this.running.get(index);
    if (running === undefined) return;
    this.running.delete(index);
    await running.kill();
    this.outputs.push(running.output());
  }

  /** Everything that every gateway wrote to its log. */
  everythingSaid(): string {
    return [...this.outputs, ...[...this.running.values()].map((running) => running.output())].join('\n');
  }

  /** Asks until there is an answer; what takes this long has failed, on however slow a machine. */
  async eventually<Thing>(what: string, look: () => Promise<Thing | undefined>, seconds = 120): Promise<Thing> {
    const deadline = Date.now() + seconds * 1000;
    while (Date.now() < deadline) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const [before, after] = [await this.inFront.log(), await this.behind.log()];
    const tail = (text: string) => text.split('\n').slice(-40).join('\n');
    throw new Error(`${what} never came\n${tail(this.everythingSaid())}\n${tail(before)}\n${tail(after)}`);
  }

  async end(): Promise<void> {
    for (const running of this.running.values()) await running.stop();
    await this.inFront.cleanUp();
    await this.behind.cleanUp();
    await rm(this.directory, { recursive: true, force: true });
  }
}
