import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisServerPath, startRedisServer } from '#libs/ephemeral-store/testing';
import { carrierFieldOf } from './http-reader.ts';
import { Program } from './program.ts';
import { startProcess } from './running-process.ts';
import { SeveralProcesses } from './several-processes.ts';

/** Where a request comes from is said by the header of a proxy, which this machine is for these stories. */
const TRUSTED_PROXIES = ['127.0.0.1', '::1'];

/** What a story needs of portals, one or several. */
export interface House {
  readonly url: URL;
  /** Each of its portals by itself, and where each says how it is. */
  readonly portals: readonly { readonly url: URL; readonly managementUrl: URL }[];
  /** A newly sealed message's ciphertext, as its form sends it. @param text of the mail */
  ciphertext(text?: string): Promise<string>;
  close(): Promise<void>;
}

type MoreSettings = Readonly<Record<string, unknown>>;

/** The same story at one process with everything in it, and at two portals on one Redis. */
export const HOUSES: readonly {
  readonly name: string;
  readonly isThere: boolean;
  open(settings?: MoreSettings): Promise<House>;
}[] = [
  { name: 'one process', isThere: true, open: oneProcess },
  { name: 'two portals on one Redis', isThere: redisServerPath() !== null, open: twoPortals },
];

async function oneProcess(settings: MoreSettings = {}): Promise<House> {
  const directory = await mkdtemp(join(tmpdir(), 'segl-house-'));
  const program = await Program.in(directory, ['@nordlys.example']);
  const configuration = join(directory, 'segl.yaml');
  const signIn = { clients: [program.client] };
  await writeFile(configuration, JSON.stringify({ trustedProxies: TRUSTED_PROXIES, signIn, ...settings })); // which is YAML
  const portal = await startProcess({
    dataDir: join(directory, 'data'),
    environment: { SEGL_CONFIG: configuration },
  });
  return {
    url: portal.url,
    portals: [portal],
    ciphertext: (text) => seal(portal.url, program, text),
    async close() {
      await portal.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function twoPortals(settings: MoreSettings = {}): Promise<House> {
  const redis = await startRedisServer();
  const all = await SeveralProcesses.start(
    async (directory) => ({
      eventStore: `sqlite:${join(directory, 'events.sqlite')}`,
      ephemeralStore: redis.url,
      personKeys: `sqlite:${join(directory, 'persons.sqlite')}`,
    }),
    { trustedProxies: TRUSTED_PROXIES, passcode: { sender: 'no-reply@nordlys.example' }, ...settings },
  );
  return {
    url: all.url,
    portals: [all.process('portal-1'), all.process('portal-2')],
    ciphertext: (text) => seal(all.url, all.program, text),
    async close() {
      await all.stop();
      await redis.stop();
    },
  };
}

async function seal(url: URL, program: Program, text = 'We offer 412,500.\r\n'): Promise<string> {
  const query = 'from=mette@nordlys.example&to=anna@example.com&deliver=false';
  const answer = await fetch(new URL(`/api/v1/messages?${query}`, url), {
    method: 'POST',
    headers: {
      authorization: await program.authorization(url),
      'content-type': 'message/rfc822',
      'idempotency-key': randomUUID(),
    },
    body: `From: mette@nordlys.example\r\nTo: anna@example.com\r\nSubject: The offer\r\n\r\n${text}`,
  });
  return carrierFieldOf(await answer.text());
}
