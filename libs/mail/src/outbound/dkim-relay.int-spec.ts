import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FixedClock, instantOf, parseMailAddress } from '#libs/vocabulary';
import { carrierOf } from '../testing/carrier-of.ts';
import { startSmtpSink } from '../testing/smtp-sink.ts';
import { dkimRecord } from './dkim-record.ts';
import type { DkimKey } from './dkim-signature.ts';
import { DkimRelay } from './dkim-relay.ts';
import type { OutgoingMail } from './mail-relay.ts';
import { SmtpRelay } from './smtp-relay.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const KEYS: DkimKey[] = [
  { algorithm: 'ed25519-sha256', selector: 'segl-ed25519-1', privateKey: ed25519.privateKey },
  { algorithm: 'rsa-sha256', selector: 'segl-rsa-1', privateKey: rsa.privateKey },
];

/** Debian's python3-dkim, which has nothing of ours: what it says of each signature of a mail, by the records of DNS that it is given. */
const PYTHON = '/usr/bin/python3';
const VERIFIER = `
import sys, json, dkim
mail = open(sys.argv[1], 'rb').read()
records = json.loads(sys.argv[2])
def txt(name, timeout=5):
    return records.get(name.decode().rstrip('.'), '').encode()
count = sum(1 for line in mail.split(b'\\r\\n\\r\\n')[0].split(b'\\r\\n') if line.lower().startswith(b'dkim-signature:'))
answers = []
for index in range(count):
    d = dkim.DKIM(mail)
    try:
        answers.append(d.verify(idx=index, dnsfunc=txt))
    except dkim.ValidationError:
        answers.append(False)
print(json.dumps(answers))
`;
const hasVerifier =
  existsSync('/usr/lib/python3/dist-packages/dkim') && existsSync('/usr/lib/python3/dist-packages/nacl');
if (!hasVerifier) process.stdout.write('SKIPPED: no python3-dkim and python3-nacl here to verify DKIM signatures\n');
const withVerifier = hasVerifier ? it : it.skip;

async function verified(mail: Buffer, domain = 'example.org', keys: Record<string, KeyObject> = {}): Promise<unknown> {
  const directory = await mkdtemp('/tmp/segl-dkim-');
  closers.push(() => rm(directory, { recursive: true }));
  await writeFile(`${directory}/mail`, mail);
  const published = { 'segl-rsa-1': rsa.publicKey, 'segl-ed25519-1': ed25519.publicKey, ...keys };
  const records = Object.entries(published).map(([selector, key]) => [
    `${selector}._domainkey.${domain}`,
    dkimRecord(key),
  ]);
  const { stdout } = await promisify(execFile)(PYTHON, [
    '-c',
    VERIFIER,
    `${directory}/mail`,
    JSON.stringify(Object.fromEntries(records)),
  ]);
  return JSON.parse(stdout);
}

async function arriving(overrides: Partial<OutgoingMail> = {}, keys: readonly DkimKey[] = KEYS): Promise<Buffer> {
  const sink = await startSmtpSink();
  closers.push(() => sink.close());
  const clock = new FixedClock(instantOf(new Date()));
  const plain = new SmtpRelay(`smtp://127.0.0.1:${sink.port}`, { closeGraceMs: 200 });
  const relay = new DkimRelay(plain, { domains: ['example.org', 'deep.example.org'], keys: () => keys, clock });
  closers.push(() => relay.close());
  await relay.send({
    mailFrom: parseMailAddress('office@example.org'),
    rcptTo: parseMailAddress('anna@example.com'),
    content: carrier,
    kind: 'carrier',
    ...overrides,
  });
  return sink.mails[0]?.content ?? Buffer.alloc(0);
}

const original = Buffer.from(
  'From: =?utf-8?Q?S=C3=B8ren?= <soren@example.org>\r\nTo: Anna <anna@example.com>,\r\n\tbo@example.com\r\nReferences: <a@x>\r\n <b@x>\r\n\r\nx',
);
const carrier = carrierOf(original, Buffer.alloc(300_000, 7));

describe('DKIM, as an independent verifier sees it', () => {
  withVerifier('holds for carriers, by RSA and by Ed25519, also where they come in pieces', async () => {
    async function* inPieces() {
      for (let at = 0; at < carrier.length; at += 7001) yield carrier.subarray(at, at + 7001);
    }
    expect(await verified(await arriving())).toEqual([true, true]);
    const streamed = await arriving({ content: inPieces, contentBytes: carrier.length });
    expect(await verified(streamed)).toEqual([true, true]);
    expect(streamed.toString('latin1')).toMatch(
      /^DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed\/simple; d=example\.org;/,
    );
  });

  withVerifier(
    'holds with the blanks and line ends that servers change, and with those that nobody counts',
    async () => {
      const text = (body: string) =>
        Buffer.from(`From: a@example.org\r\nSubject:  two   words \r\nX: y\r\n\r\n${body}`);
      for (const body of ['', '\r\n', 'a', 'a\r\n\r\n\r\n', '\r\n\r\na\r\n', '. dot\r\n..\r\n'])
        expect(await verified(await arriving({ content: text(body), kind: 'passcode' }))).toEqual([true, true]);
      const sent = (await arriving({ content: text('a\r\n'), kind: 'passcode' })).toString('latin1');
      const changed = sent.replace('Subject:  two   words ', 'subject: two\r\n words').replace('X: y', 'X: z');
      expect(await verified(Buffer.from(`Received: by us\r\n${changed}`, 'latin1'))).toEqual([true, true]);
    },
  );

  withVerifier('breaks with any change to what is read, and with a field more', async () => {
    const sent = (await arriving()).toString('latin1');
    const broken = [
      sent.replace('soren@example.org', 'bo@example.org'),
      sent.replace('\r\nSubject: ', '\r\nSubject: Pay now: '),
      sent.replace('--=_segl', 'x--=_segl'),
      sent.replace('\r\nSubject: ', '\r\nSubject: other\r\nSubject: '),
      `From: boss@example.org\r\n${sent}`,
      `Cc: more@example.org\r\n${sent}`,
    ];
    for (const mail of broken) {
      expect(mail).not.toBe(sent);
      expect(await verified(Buffer.from(mail, 'latin1'))).toEqual([false, false]);
    }
    const other = generateKeyPairSync('ed25519').publicKey;
    expect(await verified(Buffer.from(sent, 'latin1'), 'example.org', { 'segl-ed25519-1': other })).toEqual([
      false,
      true,
    ]);
  });

  withVerifier('is by the longest of the signing domains that From falls under', async () => {
    const content = Buffer.from('From: a@very.deep.example.org\r\n\r\nx\r\n');
    expect(await verified(await arriving({ content }), 'deep.example.org')).toEqual([true, true]);
  });
});

describe('DKIM signing', () => {
  it.each([
    ['a mail that is passed on', { kind: 'passed' }],
    ['a report', { kind: 'report' }],
    ['a From of another domain', { content: Buffer.from('From: a@notexample.org\r\n\r\nx\r\n') }],
    ['no clear From', { content: Buffer.from('From: a@example.org, b@example.org\r\n\r\nx\r\n') }],
  ] as const)('leaves %s as it is', async (_what, overrides) => {
    const { content = carrier } = overrides as { content?: Buffer };
    expect((await arriving(overrides)).equals(content)).toBe(true);
  });

  it('sends nothing unsigned for want of a key, and nothing that cannot be read', async () => {
    await expect(arriving({}, [])).rejects.toMatchObject({ code: 'relay-unavailable', permanent: false });
    async function* broken(): AsyncGenerator<Uint8Array> {
      throw new Error('disk');
    }
    await expect(arriving({ content: broken })).rejects.toMatchObject({ cause: { message: 'disk' } });
  });
});
