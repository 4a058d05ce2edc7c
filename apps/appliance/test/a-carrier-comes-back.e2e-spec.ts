import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { SmtpRelay } from '#libs/mail';
import { parseMailAddress } from '#libs/vocabulary';
import { freePort } from '#libs/vocabulary/testing';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import { Installation, mailFrom } from './installation.ts';

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
  let here: Installation;
  let isRefusing = false;
  let bounces: SmtpRelay;

  beforeAll(async () => {
    const nobody = await freePort();
    here = await Installation.start({
      world: {
        onRcptTo: ({ address }, _session, done) =>
          done(isRefusing ? Object.assign(new Error(`No such user here: ${address}`), { responseCode: 550 }) : null),
      },
      settings: ({ smtpPort, worldPort }) => ({
        relayUrl: `smtp://127.0.0.1:${nobody} smtp://127.0.0.1:${worldPort}`,
        dkim: { domains: ['nordlys.example'] },
        gateway: { bounceAddress: 'bounces@post.nordlys.example' },
        smtp: mailFrom('192.0.2.1', smtpPort),
      }),
    });
    bounces = new SmtpRelay(`smtp://127.0.0.1:${here.smtpPort}`);
  }, 240_000);
  afterAll(async () => {
    await bounces?.close();
    await here?.end();
  });

  /** @returns the id of the message */
  async function seal(recipient: string): Promise<string> {
    const sealed = await here.program.seal(here.url, recipient);
    expect(sealed.status).toBe(201);
    const { messages } = (await sealed.json()) as { messages: { messageId: string }[] };
    return messages[0]?.messageId ?? '';
  }

  it('left by the hop that was there, signed for its domain; comes back, is recorded, and reaches who wrote', async () => {
    const messageId = await seal('anna@example.com');
    const carrier = await here.mailTo('anna@example.com');
    expect(carrier.mailFrom).toMatch(/^bounces\+[a-z2-7]{48}@post\.nordlys\.example$/);
    expect(carrier.content.toString().match(/^DKIM-Signature: /gm)).toHaveLength(2);
    if (hasVerifier) {
      const records = await here.segl('dkim', 'record', '--json');
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

    expect(here.world.mails[1]).toMatchObject({ mailFrom: '', rcptTo: ['office@nordlys.example'] });
    expect(here.world.mails).toHaveLength(2);
    const { rows } = JSON.parse(await here.segl('audit', 'query', '--message', messageId, '--json')) as {
      rows: { type: string; data: Record<string, unknown> }[];
    };
    const bounced = rows.filter(({ type }) => type === 'CarrierBounced');
    expect(bounced).toMatchObject([{ data: { messageId, reason: 'no-such-mailbox', status: '5.1.1' } }]);
    expect(JSON.stringify(bounced)).not.toMatch(/No such user/);
  }, 240_000);

  it('or that is refused at once, and a code that is, are each a line of the log and a figure, and neither names anybody', async () => {
    await seal('bo@example.com');
    const { attachments } = await simpleParser((await here.mailTo('bo@example.com')).content);
    const reader = new HttpReader(here.url);
    const { location } = await reader.handIn(carrierFieldOf(String(attachments[0]?.content)));
    isRefusing = true;
    await reader.asksForACode(location);
    await seal('carla@example.com');

    const figures = [
      'segl_events_total{type="OtpDeliveryFailed"} 1',
      'segl_carrier_deliveries_total{outcome="refused"} 1',
    ];
    for (let missing = figures; missing.length > 0;) {
      const metrics = await here.metrics();
      missing = figures.filter((figure) => !metrics.includes(figure));
      if (missing.length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const lines = [...here.process.output().matchAll(/^\{.*\}$/gm)].map(
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
    expect(here.process.output()).not.toMatch(/\b(?:bo|carla)\b|No such user/);
  }, 240_000);
});
