import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTransport } from 'nodemailer';
import { EVENTSTOREDB, SQLITE } from '#libs/event-store/testing';
import { CANARY_STEPS } from '#libs/installation';
import { Installation, mailFrom } from './installation.ts';

const PATIENCE_MS = 240_000;
const canary = 'canary-7f3k2q@canary.nordlys.example';

interface Run {
  readonly outcome: string;
  readonly reason: string | null;
  readonly steps: readonly { readonly step: string; readonly seconds: number }[];
}

describe.each([
  { what: 'kept just before the wire', address: null, ...SQLITE },
  { what: 'over the relay and back by SMTP', address: canary, ...SQLITE },
  { what: 'kept just before the wire', address: null, ...EVENTSTOREDB },
])('a canary mail, $what, recorded on $store', ({ address, serve }) => {
  let here: Installation;
  let isRelayWell = true;

  beforeAll(async () => {
    here = await Installation.start({
      serve,
      // The next hop, which knows where mail to the canary's domain goes.
      world: {
        onMailFrom: (_address, _session, done) =>
          isRelayWell ? done() : done(Object.assign(new Error('no'), { responseCode: 550 })),
      },
      settings: ({ smtpPort }) => ({
        smtp: mailFrom('192.0.2.1', smtpPort),
        canary: { everySeconds: 86_400, ...(address !== null && { address }) },
      }),
    });
  }, PATIENCE_MS);
  afterAll(() => here?.end());

  /** Hands what came at the next hop over to the gateway, as a mail exchanger does. */
  async function exchangeMails(until: Promise<unknown>): Promise<void> {
    let isOver = false;
    void until.finally(() => (isOver = true)).catch(() => undefined);
    const transport = createTransport({ host: '127.0.0.1', port: here.smtpPort, ignoreTLS: true });
    for (let handed = 0; !isOver;) {
      const mail = here.world.mails[handed];
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
    const answer = fetch(new URL('/canary', here.process.managementUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
    });
    await exchangeMails(answer);
    const given = await answer;
    if (given.status === 409) return run(); // that of the start came first
    expect(given.status).toBe(200);
    return (await given.json()) as Run;
  }

  const asked = async (...more: string[]) =>
    JSON.parse(await here.segl('audit', 'query', '--json', ...more)) as { rows: { type: string }[] };

  it(
    'goes the whole way, and is recorded under a person of its own that nobody meets who asks what people did',
    async () => {
      expect(await run()).toMatchObject({
        outcome: 'passed',
        reason: null,
        steps: CANARY_STEPS.map((step) => ({ step, seconds: expect.any(Number) })),
      });
      expect(here.world.mails.length > 0).toBe(address !== null);
      const types = (rows: { type: string }[]) =>
        rows.map(({ type }) => type).filter((type) => !/^Audit|^Key/.test(type));
      expect(types((await asked()).rows)).toEqual(['CanaryAppointed']);
      const all = types((await asked('--canary')).rows);
      expect(all).toEqual(expect.arrayContaining(['MessageSealed', 'OtpAccepted', 'MessageViewed']));
      expect((await here.seglEnds('doctor')).stdout).toMatch(/^ok {5}canary: the last one was read at 20/m);
      // What the settings say of how the record grows.
      const ofCanary = (await here.record.record())
        .filter(({ type }) => !/^(Audit|Key|CanaryA|Ledger|Check)/.test(type))
        .map(({ bytes }) => Buffer.from(bytes).toString());
      const runs = ofCanary.filter((text) => text.includes('"type":"MessageSealed"')).length;
      expect(ofCanary).toHaveLength(9 * runs);
      expect(ofCanary.reduce((sum, text) => sum + text.length, 0) / runs).toBeLessThan(5 * 1024);
      const figures = await here.metrics();
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
        return expect(await here.segl('canary', 'run')).toMatch(/^ok {5}seal[^]*^ok {5}view +\d+\.\d{3} s$/m);
      isRelayWell = false;
      expect(await run()).toMatchObject({
        outcome: 'failed',
        reason: 'the next hop refused the carrier for good',
        steps: [{ step: 'seal' }],
      });
      const figures = await here.metrics();
      expect(figures).toContain('segl_canary_runs_total{outcome="failed",step="seal"} 1');
      expect(figures).toMatch(/segl_canary_last_success_timestamp_seconds 1\d{9}/); // of the one before
      isRelayWell = true;
      expect((await run()).outcome).toBe('passed');
    },
    PATIENCE_MS,
  );
});
