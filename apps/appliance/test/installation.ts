import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SMTPServerOptions } from 'smtp-server';
import { SQLITE } from '#libs/event-store/testing';
import type { AddressedStore, StoreOfTests } from '#libs/event-store/testing';
import { initKeyring } from '#libs/keyring';
import { startSmtpSink } from '#libs/mail/testing';
import type { SmtpSink, SunkMail } from '#libs/mail/testing';
import { SystemClock } from '#libs/vocabulary';
import { freePort } from '#libs/vocabulary/testing';
import { Front } from './front.ts';
import { Program } from './program.ts';
import { endOfSegl, seglIn, startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

/** Whose mail the stories in production are. */
export const NORDLYS = {
  organisation: {
    name: 'Nordlys Advokater',
    postalAddress: 'Havnegade 1, 1058 København K',
    contactMail: 'office@nordlys.example',
    timeZone: 'Europe/Copenhagen',
  },
  passcode: { sender: 'no-reply@nordlys.example' },
} as const;

/** SMTP in, from mail servers at that address alone. */
export const mailFrom = (network: string, port: number) => ({
  ...{ host: '127.0.0.1', port },
  clients: [{ clientId: 'mailserver', networks: [network], senders: ['@nordlys.example'] }],
});

/** What an installation begins with. */
interface Beginnings {
  /** Where files for it may lie. */
  readonly directory: string;
  /** May seal as anybody of the organisation. */
  readonly program: Program;
  /** Where SMTP in may listen. */
  readonly smtpPort: number;
  /** Where the next hop listens. */
  readonly worldPort: number;
}

export interface InstallationOptions {
  /** Laid over what every production on loopback needs. */
  readonly settings?: (beginnings: Beginnings) => object | Promise<object>;
  /** Of the next hop, which keeps what it is given. */
  readonly world?: SMTPServerOptions;
  /** Where the record lies; default: the file in the data directory. */
  readonly serve?: StoreOfTests['serve'];
}

/**
 * One installation as in production: a process with all roles, on loopback, and the next hop as the world. Readers come by a front,
 * which shows them the mails that left, so that every way of reading that the stories have works here.
 */
export class Installation {
  private constructor(
    readonly directory: string,
    readonly record: AddressedStore,
    readonly world: SmtpSink,
    readonly program: Program,
    readonly smtpPort: number,
    readonly process: RunningProcess,
    private readonly front: Front,
  ) {}

  static async start({ settings, world: ofWorld, serve }: InstallationOptions = {}): Promise<Installation> {
    const directory = await mkdtemp(join(tmpdir(), 'segl-installation-'));
    const [dataDir, keyring, configuration] = ['data', 'keyring', 'segl.yaml'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const record = await (serve ?? SQLITE.serve)(dataDir);
    const world = await startSmtpSink(ofWorld);
    const front = await Front.start(world.mails);
    const smtpPort = await freePort();
    const program = await Program.in(directory, ['@nordlys.example'], 'office');
    const whole = {
      publicUrl: front.url.origin,
      httpHost: '127.0.0.1',
      dataDir,
      keyring,
      eventStore: record.url,
      relayUrl: `smtp://127.0.0.1:${world.port}`,
      ...NORDLYS,
      signIn: { clients: [program.client] },
      ...(await settings?.({ directory, program, smtpPort, worldPort: world.port })),
    };
    await initKeyring(keyring, { demonstration: false, now: new SystemClock().now() });
    await writeFile(configuration, JSON.stringify(whole)); // which is YAML
    const process = await startProcess({ arguments: [], dataDir, environment: { SEGL_CONFIG: configuration } });
    for (const role of ['portal', 'gateway', 'console'] as const) front.lead(role, 'all', process.url);
    return new Installation(directory, record, world, program, smtpPort, process, front);
  }

  get url(): URL {
    return this.front.url;
  }

  get dataDir(): string {
    return this.process.dataDir;
  }

  private get environment(): NodeJS.ProcessEnv {
    return {
      SEGL_CONFIG: join(this.directory, 'segl.yaml'),
      SEGL_MANAGEMENT_PORT: this.process.managementUrl.port,
    };
  }

  async metrics(): Promise<string> {
    return (await fetch(new URL('/metrics', this.process.managementUrl))).text();
  }

  /** The command line with the same configuration. @throws Error with what it said when it ends with anything but 0 */
  segl(...command: string[]): Promise<string> {
    return seglIn(this.environment, ...command);
  }

  /** The same, however it ends. */
  seglEnds(...command: string[]) {
    return endOfSegl(this.environment, ...command);
  }

  /** The newest mail to somebody that came to the next hop, as soon as there is one. */
  async mailTo(address: string, isMeant: (mail: SunkMail) => boolean = () => true): Promise<SunkMail> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
      const found = this.world.mails.findLast((mail) => mail.rcptTo.includes(address) && isMeant(mail));
      if (found !== undefined) return found;
      await new Promise((resume) => setTimeout(resume, 20));
    }
    throw new Error('the mail never came');
  }

  async end(): Promise<void> {
    await this.process.stop();
    await this.front.close();
    await this.world.close();
    await this.record.remove();
    await rm(this.directory, { recursive: true, force: true });
  }
}
