import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { SmtpRelay } from '#libs/mail';
import { startSmtpSink } from '#libs/mail/testing';
import type { SmtpSink, SunkMail } from '#libs/mail/testing';
import { parseMailAddress } from '#libs/vocabulary';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import { Program } from './program.ts';
import { dist, ensureBuilt, freePort, startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const mail = 'From: office@nordlys.example\r\nTo: anna@example.com\r\nSubject: x\r\n\r\nHello.\r\n';
const report = [
  'From: MAILER-DAEMON@example.com',
  'Subject: Undelivered',
  'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
  '',
  '--b',
  '',
  'No such user here: anna',
  '--b',
  'Content-Type: message/delivery-status',
  '',
  'Reporting-MTA: dns; mx.example.com',
  '',
  'Final-Recipient: rfc822; anna@example.com',
  'Action: failed',
  'Status: 5.1.1',
  '--b--',
  '',
].join('\r\n');

const PYTHON = '/usr/bin/python3';
/** Says of each DKIM signature of a mail whether it holds, by records of DNS as `segl dkim record --json` prints them. */
const VERIFIER = `
import sys, json, dkim
mail = sys.stdin.buffer.read()
records = {each['name']: each['record'] for each in json.loads(sys.argv[1])}
lookup = lambda name, timeout=5: records.get(name.decode().rstrip('.'), '').encode()
print(json.dumps([dkim.DKIM(mail).verify(idx=index, dnsfunc=lookup) for index in range(2)]))
`;
const hasVerifier = ['dkim', 'nacl'].every((name) => existsSync(`/usr/lib/python3/dist-packages/${name}`));

describe('a carrier that cannot be delivered', () => {
  let directory: string;
  let world: SmtpSink;
  let isRefusing = false;
  let gateway: RunningProcess;
  let program: Program;
  let bounces: SmtpRelay;

  beforeAll(async () => {
    ensureBuilt();
    directory = await mkdtemp(join(tmpdir(), 'segl-bounces-'));
    world = await startSmtpSink({
      onRcptTo: ({ address }, _session, done) =>
        done(isRefusing ? Object.assign(new Error(`No such user here: ${address}`), { responseCode: 550 }) : null),
    });
    program = await Program.in(directory, ['@nordlys.example'], 'office');
    const [httpPort, smtpPort, nobody] = [await freePort(), await freePort(), await freePort()];
    bounces = new SmtpRelay(`smtp://127.0.0.1:${smtpPort}`);
    const settings = {
      publicUrl: `http://localhost:${httpPort}`,
      httpHost: '127.0.0.1',
      httpPort,
      dataDir: join(directory, 'data'),
      keyring: join(directory, 'keyring'),
      relayUrl: `smtp://127.0.0.1:${nobody} smtp://127.0.0.1:${world.port}`,
      organisation: {
        name: 'Nordlys Advokater',
        postalAddress: 'Havnegade 1, 1058 København K',
        contactMail: 'office@nordlys.example',
        timeZone: 'Europe/Copenhagen',
      },
      passcode: { sender: 'no-reply@nordlys.example' },
      signIn: { clients: [program.client] },
      dkim: { domains: ['nordlys.example'] },
      gateway: { bounceAddress: 'bounces@post.nordlys.example' },
      smtp: {
        host: '127.0.0.1',
        port: smtpPort,
        clients: [{ clientId: 'mailserver', networks: ['192.0.2.1'], senders: ['@nordlys.example'] }],
      },
    };
    await writeFile(join(directory, 'segl.yaml'), JSON.stringify(settings)); // which is YAML
    segl('keys', 'init');
    gateway = await startProcess({
      arguments: [],
      dataDir: settings.dataDir,
      port: httpPort,
      environment: { SEGL_CONFIG: join(directory, 'segl.yaml') },
    });
  }, 240_000);
  afterAll(async () => {
    await bounces?.close();
    await gateway?.stop();
    await world?.close();
    await rm(directory, { recursive: true, force: true });
  });

  function segl(...command: string[]): string {
    const main = join(dist, 'apps', 'operator', 'main.js');
    const environment = { PATH: process.env['PATH'] ?? '', SEGL_CONFIG: join(directory, 'segl.yaml') };
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...command], { env: environment });
    expect([status, stderr.toString()]).toEqual([0, expect.any(String)]);
    return stdout.toString();
  }

  /** @returns the id of the message */
  async function seal(recipient: string): Promise<string> {
    const sealed = await fetch(new URL('/api/v1/messages', gateway.url), {
      method: 'POST',
      headers: {
        'content-type': 'message/rfc822',
        'segl-sender': 'office@nordlys.example',
        'segl-recipient': recipient,
        authorization: `Bearer ${await program.accessToken(gateway.url)}`,
        connection: 'close',
      },
      body: mail,
    });
    expect(sealed.status).toBe(201);
    const { messages } = (await sealed.json()) as { messages: { messageId: string }[] };
    return messages[0]?.messageId ?? '';
  }

  async function mailTo(address: string): Promise<SunkMail> {
    for (;;) {
      const [newest] = world.mails.filter(({ rcptTo }) => rcptTo.includes(address)).slice(-1);
      if (newest !== undefined) return newest;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it('left by the hop that was there, signed for its domain; comes back, is recorded, and reaches who wrote', async () => {
    const messageId = await seal('anna@example.com');
    const carrier = await mailTo('anna@example.com');
    expect(carrier.mailFrom).toMatch(/^bounces\+[a-z2-7]{48}@post\.nordlys\.example$/);
    expect(carrier.content.toString().match(/^DKIM-Signature: /gm)).toHaveLength(2);
    if (hasVerifier) {
      const records = segl('dkim', 'record', '--json');
      const said = execFileSync(PYTHON, ['-c', VERIFIER, records], { input: carrier.content });
      expect(JSON.parse(said.toString())).toEqual([true, true]);
    }

    const comingBack = {
      mailFrom: '',
      rcptTo: parseMailAddress(carrier.mailFrom),
      content: Buffer.from(report),
      kind: 'report',
    } as const;
    await bounces.send(comingBack);
    await bounces.send(comingBack);
    await expect(bounces.send({ ...comingBack, rcptTo: parseMailAddress('anna@example.com') })).rejects.toMatchObject({
      code: 'relay-refused',
    });

    expect(world.mails[1]).toMatchObject({ mailFrom: '', rcptTo: ['office@nordlys.example'] });
    expect(world.mails).toHaveLength(2);
    const { rows } = JSON.parse(segl('audit', 'query', '--message', messageId, '--json')) as {
      rows: { type: string; data: Record<string, unknown> }[];
    };
    const bounced = rows.filter(({ type }) => type === 'CarrierBounced');
    expect(bounced).toMatchObject([{ data: { messageId, reason: 'no-such-mailbox', status: '5.1.1' } }]);
    expect(JSON.stringify(bounced)).not.toMatch(/No such user/);
  }, 240_000);

  it('or that is refused at once, and a code that is, are each a line of the log and a figure, and neither names anybody', async () => {
    await seal('bo@example.com');
    const { attachments } = await simpleParser((await mailTo('bo@example.com')).content);
    const reader = new HttpReader(gateway.url);
    const { location } = await reader.handIn(carrierFieldOf(String(attachments[0]?.content)));
    isRefusing = true;
    await reader.asksForACode(location);
    await seal('carla@example.com');

    const figures = [
      'segl_events_total{type="OtpDeliveryFailed"} 1',
      'segl_carrier_deliveries_total{outcome="refused"} 1',
    ];
    for (let missing = figures; missing.length > 0;) {
      const metrics = await (await fetch(new URL('/metrics', gateway.managementUrl))).text();
      missing = figures.filter((figure) => !metrics.includes(figure));
      if (missing.length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const lines = [...gateway.output().matchAll(/^\{.*\}$/gm)].map(
      ([line]) => JSON.parse(line) as Record<string, unknown>,
    );
    expect(lines.filter(({ level, msg }) => level === 'warn' && /the relay/.test(String(msg)))).toEqual([
      {
        level: 'warn',
        time: expect.any(String),
        part: 'passcode',
        msg: expect.stringMatching(/^the relay refused a code mail for good \(550( 5\.\d\.\d)?\)$/),
      },
      expect.objectContaining({
        level: 'warn',
        outcome: 'refused',
        replyCode: 550,
        msg: 'a carrier was tried at the relay',
      }),
    ]);
    expect(Object.keys(lines.find(({ outcome }) => outcome === 'refused') ?? {}).toSorted()).toEqual([
      'at',
      'attempts',
      'enhancedStatus',
      'level',
      'messageId',
      'msg',
      'outcome',
      'replyCode',
      'secondsInOutbox',
      'submissionId',
      'time',
    ]);
    expect(gateway.output()).not.toMatch(/\b(?:bo|carla)\b|No such user/);
  }, 240_000);
});
