import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTransport } from 'nodemailer';
import { CANARY_STEPS } from '#libs/installation';
import { initKeyring } from '#libs/keyring';
import { startSmtpSink } from '#libs/mail/testing';
import type { SmtpSink } from '#libs/mail/testing';
import { SystemClock } from '#libs/vocabulary';
import { dist, freePort, startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const PATIENCE_MS = 240_000;
const canary = 'canary-7f3k2q@canary.nordlys.example';

interface Run {
  readonly outcome: string;
  readonly reason: string | null;
  readonly steps: readonly { readonly step: string; readonly seconds: number }[];
}

describe.each([
  { what: 'kept just before the wire', address: null },
  { what: 'over the relay and back by SMTP', address: canary },
])('a canary mail, $what', ({ address }) => {
  let directory: string;
  let relay: SmtpSink;
  let segl: RunningProcess | undefined;
  let smtpPort: number;
  let isRelayWell = true;

  const running = () => {
    if (segl === undefined) throw new Error('it never started');
    return segl;
  };
  const configuration = () => join(directory, 'segl.yaml');

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-canary-'));
    const httpPort = await freePort();
    smtpPort = await freePort();
    // The next hop, which knows where mail to the canary's domain goes.
    relay = await startSmtpSink({
      onMailFrom: (_address, _session, done) =>
        isRelayWell ? done() : done(Object.assign(new Error('no'), { responseCode: 550 })),
    });
    await initKeyring(join(directory, 'keyring'), { demonstration: false, now: new SystemClock().now() });
    const settings = {
      publicUrl: `http://localhost:${httpPort}`,
      httpHost: '127.0.0.1',
      keyring: join(directory, 'keyring'),
      relayUrl: `smtp://127.0.0.1:${relay.port}`,
      organisation: {
        name: 'Nordlys Advokater',
        postalAddress: 'Havnegade 1, 1058 København K',
        contactMail: 'post@nordlys.example',
        timeZone: 'Europe/Copenhagen',
      },
      passcode: { sender: 'no-reply@nordlys.example' },
      smtp: {
        host: '127.0.0.1',
        port: smtpPort,
        clients: [{ clientId: 'mx', networks: ['192.0.2.1'], senders: ['@nordlys.example'] }],
      },
      canary: { everySeconds: 86_400, ...(address !== null && { address }) },
    };
    await writeFile(configuration(), JSON.stringify(settings));
    segl = await startProcess({
      arguments: [],
      dataDir: join(directory, 'data'),
      port: httpPort,
      environment: { SEGL_CONFIG: configuration() },
    });
  }, PATIENCE_MS);
  afterAll(async () => {
    await segl?.stop();
    await relay.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** Hands what came at the next hop over to the gateway, as a mail exchanger does. */
  async function exchangeMails(until: Promise<unknown>): Promise<void> {
    let isOver = false;
    void until.finally(() => (isOver = true)).catch(() => undefined);
    const transport = createTransport({ host: '127.0.0.1', port: smtpPort, ignoreTLS: true });
    for (let handed = 0; !isOver;) {
      const mail = relay.mails[handed];
      if (mail === undefined) {
        await new Promise((resume) => setTimeout(resume, 20));
        continue;
      }
      handed++;
      if (mail.rcptTo[0] === canary)
        await transport.sendMail({ envelope: { from: mail.mailFrom, to: [...mail.rcptTo] }, raw: mail.content });
    }
    transport.close();
  }

  async function run(): Promise<Run> {
    const answer = fetch(new URL('/canary', running().managementUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
    });
    await exchangeMails(answer);
    const given = await answer;
    if (given.status === 409) return run(); // that of the start came first
    expect(given.status).toBe(200);
    return (await given.json()) as Run;
  }

  const metrics = async () => (await fetch(new URL('/metrics', running().managementUrl))).text();
  /** The command line beside it. */
  function command(...argv: string[]): string {
    const main = join(dist, 'apps', 'operator', 'main.js');
    const environment = {
      SEGL_CONFIG: configuration(),
      SEGL_DATA_DIR: running().dataDir,
      SEGL_MANAGEMENT_PORT: running().managementUrl.port,
    };
    const { stdout, stderr, status } = spawnSync(process.execPath, [main, ...argv], {
      env: environment,
      encoding: 'utf8',
    });
    return status === 0 ? stdout : `${stdout}${stderr}`;
  }
  const asked = (...more: string[]) =>
    JSON.parse(command('audit', 'query', '--json', ...more)) as { rows: { type: string }[] };

  it(
    'goes the whole way, and is recorded under a person of its own that nobody meets who asks what people did',
    async () => {
      expect(await run()).toMatchObject({
        outcome: 'passed',
        reason: null,
        steps: CANARY_STEPS.map((step) => ({ step, seconds: expect.any(Number) })),
      });
      expect(relay.mails.length > 0).toBe(address !== null);
      const types = (rows: { type: string }[]) =>
        rows.map(({ type }) => type).filter((type) => !/^Audit|^Key/.test(type));
      expect(types(asked().rows)).toEqual(['CanaryAppointed']);
      const all = types(asked('--canary').rows);
      expect(all).toEqual(expect.arrayContaining(['MessageSealed', 'OtpAccepted', 'MessageViewed']));
      expect(command('doctor')).toMatch(/^ok {5}canary: the last one was read at 20/m);
      // What the settings say of how the record grows.
      const db = new DatabaseSync(join(running().dataDir, 'events.sqlite'), { readOnly: true });
      const events = db.prepare('SELECT CAST(bytes AS TEXT) AS text FROM events').all();
      db.close();
      const ofCanary = events.filter(({ text }) => !/"type":"(Audit|Key|CanaryA|Ledger|Check)/.test(String(text)));
      const runs = ofCanary.filter(({ text }) => String(text).includes('"type":"MessageSealed"')).length;
      expect(ofCanary).toHaveLength(9 * runs);
      expect(ofCanary.reduce((sum, { text }) => sum + String(text).length, 0) / runs).toBeLessThan(5 * 1024);
      const figures = await metrics();
      expect(figures).toContain('segl_canary_runs_total{outcome="passed",step="view"}');
      expect(figures).toMatch(/segl_canary_last_success_timestamp_seconds 1\d{9}/);
      expect(figures).not.toMatch(/segl_message_views_total\{/);
    },
    PATIENCE_MS,
  );

  it(
    'says at which step it stopped, and why',
    async () => {
      // The next hop has no part in it then; the command says the steps of one that goes well.
      if (address === null)
        return expect(command('canary', 'run')).toMatch(/^ok {5}seal[^]*^ok {5}view +\d+\.\d{3} s$/m);
      isRelayWell = false;
      expect(await run()).toMatchObject({
        outcome: 'failed',
        reason: 'the next hop refused the carrier for good',
        steps: [{ step: 'seal' }],
      });
      const figures = await metrics();
      expect(figures).toContain('segl_canary_runs_total{outcome="failed",step="seal"} 1');
      expect(figures).toMatch(/segl_canary_last_success_timestamp_seconds 1\d{9}/); // of the one before
      isRelayWell = true;
      expect((await run()).outcome).toBe('passed');
    },
    PATIENCE_MS,
  );
});
