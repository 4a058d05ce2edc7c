import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { SMTPServerOptions } from 'smtp-server';
import { parseMailAddress } from '#libs/vocabulary';
import { LOOPBACK_CERTIFICATE, startSmtpSink } from '../testing/smtp-sink.ts';
import type { OutgoingMail } from './mail-relay.ts';
import { readRelayAccess } from './relay-access.ts';
import { SmtpRelay } from './smtp-relay.ts';
import type { SmtpRelayOptions } from './smtp-relay.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function sink(options: SMTPServerOptions = {}) {
  const started = await startSmtpSink(options);
  closers.push(() => started.close());
  return started;
}

function relayTo(url: string, options: SmtpRelayOptions = {}) {
  const relay = new SmtpRelay(url, { closeGraceMs: 200, ...options });
  closers.push(() => relay.close());
  return relay;
}

function file(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'segl-relay-'));
  closers.push(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'file'), text, { mode: 0o600 });
  return join(directory, 'file');
}

/** A relay that answers each command with what the script says for its first word. */
async function scriptedRelay(script: Record<string, string>) {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    if (script.greeting !== '') socket.write(`${script.greeting ?? '220 here'}\r\n`);
    socket.on('data', (data) => {
      for (const line of data.toString('latin1').split('\r\n').filter(Boolean)) {
        seen.push(line);
        const reply = script[line === '.' ? 'end' : (line.split(/[ :]/)[0] ?? '').toUpperCase()];
        if (reply === 'hang up') socket.destroy();
        else if (reply !== undefined) socket.write(`${reply}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => void server.close());
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    /** A line was said; null: a connection was made. */
    until: (line: string | null) => eventually(() => (line === null ? connections > 0 : seen.includes(line))),
    whenGone: () => eventually(() => sockets.size === 0),
  };
}

async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const POLITE = { EHLO: '250 here', MAIL: '250 ok', RCPT: '250 ok', DATA: '354 go', end: '250 ok', QUIT: '221 bye' };

const anna = parseMailAddress('anna@example.com');
const mail = (content: OutgoingMail['content'], kind: OutgoingMail['kind'] = 'carrier'): OutgoingMail => ({
  mailFrom: parseMailAddress('office@example.org'),
  rcptTo: anna,
  content,
  kind,
});
const text = Buffer.from('Subject: x\r\n\r\nhello\r\n');

describe('the SMTP relay', () => {
  it('hands a mail over with exactly the envelope it was given and keeps the relay’s reply', async () => {
    const { port, mails } = await sink();
    const receipt = await relayTo(`smtp://127.0.0.1:${port}`).send(mail(text));
    expect(mails).toEqual([
      { mailFrom: 'office@example.org', rcptTo: ['anna@example.com'], content: text, secure: false, user: null },
    ]);
    expect(receipt.reply).toMatch(/^250 /);
  });

  it('sends from the null path, and content in pieces', async () => {
    const { port, mails } = await sink();
    async function* content() {
      yield text.subarray(0, 7);
      yield new Uint8Array(text.subarray(7));
    }
    await relayTo(`smtp://127.0.0.1:${port}`).send({ ...mail(content), mailFrom: '' });
    expect(mails[0]).toMatchObject({ mailFrom: '', content: text });
  });

  it('lets no line end other than CRLF out and stuffs dots, so that nothing ends the data early', async () => {
    const { port, mails } = await sink();
    const relay = relayTo(`smtp://127.0.0.1:${port}`);
    const smuggled = 'a\n.\nMAIL FROM:<x@y.z>\r.\rb\r\n.\nc\n.\r\nd\r.\r\n..e\r\n.';
    await relay.send(mail(Buffer.from(smuggled)));
    expect(mails).toHaveLength(1);
    expect(mails[0]?.content.toString()).toBe(
      'a\r\n.\r\nMAIL FROM:<x@y.z>\r\n.\r\nb\r\n.\r\nc\r\n.\r\nd\r\n.\r\n..e\r\n.\r\n',
    );
  });

  it('refuses an envelope that is not one canonical address before it says anything', async () => {
    const { port, connections } = await sink();
    const relay = relayTo(`smtp://127.0.0.1:${port}`);
    for (const rcptTo of ['a@b.test, c@d.test', 'a@b.test>\r\nRCPT TO:<c@d.test', '"a@evil.test x"@b.test']) {
      await expect(relay.send({ ...mail(text), rcptTo: rcptTo as never })).rejects.toMatchObject({
        code: 'address-refused',
      });
    }
    expect(connections()).toBe(0);
  });

  it('keeps a connection for the next mail, and replaces one that the relay has closed', async () => {
    const server = await sink();
    const relay = relayTo(`smtp://127.0.0.1:${server.port}`);
    await relay.send(mail(text));
    await relay.send(mail(text));
    expect(server.connections()).toBe(1);
    server.dropConnections();
    await relay.send(mail(text));
    expect(server.mails).toHaveLength(3);
    expect(server.connections()).toBe(2);
  });

  it('never has more than its connections, and carriers leave one to a passcode', async () => {
    const held: (() => void)[] = [];
    const server = await sink({
      onMailFrom: (address, _session, done) =>
        void (address.address.startsWith('office') ? held.push(() => done()) : done()),
    });
    const relay = relayTo(`smtp://127.0.0.1:${server.port}`, { maxConnections: 2 });
    const carriers = [1, 2, 3].map(() => relay.send(mail(text)));
    const passcode = relay.send({ ...mail(text, 'passcode'), mailFrom: parseMailAddress('codes@example.org') });
    await passcode;
    expect(server.mails.map(({ mailFrom }) => mailFrom)).toEqual(['codes@example.org']);
    expect(held).toHaveLength(1);
    const release = setInterval(() => held.splice(0).forEach((go) => go()), 5);
    await Promise.all(carriers);
    clearInterval(release);
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it('speaks STARTTLS, verifies the certificate, and logs in with percent-decoded credentials', async () => {
    const server = await sink({ ...LOOPBACK_CERTIFICATE, disabledCommands: [], authOptional: false });
    const url = `smtp://portal%40example.org:p%2Fw@localhost:${server.port}?tls=required`;
    await relayTo(url, { authoritiesFile: file(LOOPBACK_CERTIFICATE.cert) }).send(mail(text));
    expect(server.mails[0]).toMatchObject({ secure: true, user: 'portal@example.org' });
    await expect(relayTo(url).send(mail(text))).rejects.toMatchObject({ code: 'relay-unavailable', permanent: false });
    expect(server.mails).toHaveLength(1);
  });

  it('takes user and password from a file, anew for each connection, and says nobody’s without TLS', async () => {
    const server = await sink({ ...LOOPBACK_CERTIFICATE, disabledCommands: [], authOptional: false });
    const credentialsFile = file('portal@example.org:first:word\n');
    const trusting = { credentialsFile, authoritiesFile: file(LOOPBACK_CERTIFICATE.cert), idleConnectionMs: 1 };
    const relay = relayTo(`smtp://localhost:${server.port}?tls=required`, trusting);
    await relay.send(mail(text));
    expect(server.mails[0]).toMatchObject({ secure: true, user: 'portal@example.org' });
    server.dropConnections();
    writeFileSync(credentialsFile, 'other@example.org:second\n');
    await relay.send(mail(text));
    expect(server.mails[1]).toMatchObject({ user: 'other@example.org' });
    server.dropConnections();
    writeFileSync(credentialsFile, 'no colon');
    await expect(relay.send(mail(text))).rejects.toMatchObject({ reply: expect.stringContaining('user:password') });
    const inClear = { host: 'mail.example.org', port: 25, tls: 'none', credentials: null } as const;
    expect((await readRelayAccess({ credentialsFile: file('a:b') }, inClear)).credentials).toBeNull();
  });

  it('shows a certificate of its own where it has one', async () => {
    const { cert, key } = LOOPBACK_CERTIFICATE;
    const shown: unknown[] = [];
    const server = await sink({
      ...LOOPBACK_CERTIFICATE,
      secure: true,
      requestCert: true,
      rejectUnauthorized: true,
      ca: [cert],
      onSecure: (socket, _session, done) => {
        shown.push((socket as TLSSocket).getPeerCertificate().subject.CN);
        done();
      },
    });
    const url = `smtps://localhost:${server.port}`;
    const authoritiesFile = file(cert);
    await expect(relayTo(url, { authoritiesFile }).send(mail(text))).rejects.toMatchObject({ permanent: false });
    const ours = { authoritiesFile, clientCertificateFile: file(cert), clientKeyFile: file(key) };
    await relayTo(url, ours).send(mail(text));
    expect(shown.at(-1)).toBe('localhost');
    expect(server.mails).toHaveLength(1);
  });

  it('speaks TLS from the first byte to smtps://', async () => {
    const server = await sink({ ...LOOPBACK_CERTIFICATE, secure: true });
    const trusting = { authoritiesFile: file(LOOPBACK_CERTIFICATE.cert) };
    await relayTo(`smtps://localhost:${server.port}`, trusting).send(mail(text));
    expect(server.mails[0]?.secure).toBe(true);
  });

  it('sends nothing to a relay that does not offer the STARTTLS it requires', async () => {
    const server = await scriptedRelay({ ...POLITE, STARTTLS: '502 what is that' });
    await expect(relayTo(`smtp://127.0.0.1:${server.port}?tls=required`).send(mail(text))).rejects.toMatchObject({
      permanent: false,
    });
    expect(server.seen.join()).not.toMatch(/MAIL|DATA|Subject/);
  });

  it.each([
    ['RCPT', '550 5.1.1 no such mailbox', 'relay-refused', 550],
    ['end', '554 5.7.1 policy', 'relay-refused', 554],
    ['MAIL', '552 5.3.4 too big', 'relay-refused', 552],
    ['RCPT', '450 4.2.0 greylisted', 'relay-unavailable', 450],
    ['end', '451 4.3.0 later', 'relay-unavailable', 451],
    ['MAIL', '530 5.7.0 authenticate first', 'relay-unavailable', 530],
    ['greeting', '554 no service', 'relay-unavailable', 554],
    ['DATA', 'hang up', 'relay-unavailable', 0],
    ['end', 'hang up', 'relay-unavailable', 0],
  ])('tells %s %s as %s', async (command, reply, code, replyCode) => {
    const server = await scriptedRelay({ ...POLITE, [command]: reply });
    const sending = relayTo(`smtp://127.0.0.1:${server.port}`).send(mail(text));
    await expect(sending).rejects.toMatchObject({ code, replyCode, permanent: code === 'relay-refused' });
  });

  it('keeps a hostile reply to one bounded, printable line', async () => {
    const server = await scriptedRelay({
      ...POLITE,
      RCPT: `550-a\u001b[31m\u0000\r\n550 \u202ebad${'x'.repeat(5000)}`,
    });
    const reply = await relayTo(`smtp://127.0.0.1:${server.port}`)
      .send(mail(text))
      .catch((error) => error.reply);
    expect(reply).toMatch(/^550-a \[31m 550 badx+$/);
    expect(reply.length).toBeLessThanOrEqual(500);
    expect(reply).not.toMatch(/\p{C}/u);
  });

  it('does not send what is over the relay’s SIZE', async () => {
    const server = await sink({ size: 1000 });
    const tooBig = relayTo(`smtp://127.0.0.1:${server.port}`).send(mail(Buffer.alloc(2000, 'a')));
    await expect(tooBig).rejects.toMatchObject({ code: 'relay-refused', replyCode: 0 });
  });

  it('is unavailable when nothing listens, when the relay is mute, and after it was closed', async () => {
    const server = await sink();
    await server.close();
    await expect(relayTo(`smtp://127.0.0.1:${server.port}`).send(mail(text))).rejects.toMatchObject({
      code: 'relay-unavailable',
    });
    const mute = await scriptedRelay({ ...POLITE, end: undefined as never });
    const relay = relayTo(`smtp://127.0.0.1:${mute.port}`, { carrierTimeoutMs: 100 });
    await expect(relay.send(mail(text))).rejects.toMatchObject({ code: 'relay-unavailable' });
    await relay.close();
    await relay.close();
    await expect(relay.send(mail(text))).rejects.toMatchObject({ code: 'relay-unavailable' });
  });

  it('never completes a mail whose content failed half-way', async () => {
    const server = await sink();
    async function* broken() {
      yield text;
      throw new Error('disk');
    }
    async function* brokenAtOnce(): AsyncGenerator<Uint8Array> {
      throw new Error('disk');
    }
    for (const content of [broken, brokenAtOnce]) {
      const relay = relayTo(`smtp://127.0.0.1:${server.port} smtp://127.0.0.1:${server.port + 1}`);
      await expect(relay.send(mail(content))).rejects.toMatchObject({
        code: 'relay-unavailable',
        replyCode: 0,
        cause: { message: 'disk' },
      });
      await relay.send(mail(text)); // and the hop has not fallen out of use for it
    }
    expect(server.mails.map(({ content }) => content)).toEqual([text, text]);
  });

  it.each([
    ['while it waits for a greeting', { greeting: '' }, null],
    ['while it waits for an answer to the content', { end: undefined as never }, '.'],
  ])('lets go at once of what is aborted %s', async (_when, script, saidBefore) => {
    const server = await scriptedRelay({ ...POLITE, ...script });
    const relay = relayTo(`smtp://127.0.0.1:${server.port}`);
    const abort = new AbortController();
    const outcome = relay.sendToAll({ ...mail(text), recipients: [anna], signal: abort.signal });
    await server.until(saidBefore);
    abort.abort();
    expect(await outcome).toMatchObject([{ status: 'unavailable', replyCode: 0 }]);
    await server.whenGone();
  });

  it('lets go of what is aborted while it waits for its turn, or before', async () => {
    const server = await scriptedRelay({ ...POLITE, end: undefined as never });
    const relay = relayTo(`smtp://127.0.0.1:${server.port}`, { maxConnections: 2, carrierTimeoutMs: 20_000 });
    const abort = new AbortController();
    const first = relay.send({ ...mail(text), signal: abort.signal });
    const second = relay.send({ ...mail(text), signal: abort.signal });
    await server.until('.');
    abort.abort();
    for (const waiting of [first, second, relay.send({ ...mail(text), signal: abort.signal })])
      await expect(waiting).rejects.toMatchObject({ code: 'relay-unavailable', replyCode: 0 });
    expect(server.seen.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
  });

  it('passes 25 MiB on without holding up the event loop', async () => {
    const server = await sink();
    const large = Buffer.alloc(25 * 1024 * 1024, `${'x'.repeat(98)}\r\n`);
    await relayTo(`smtp://127.0.0.1:${server.port}`).send(mail(large));
    expect(
      server.mails[0]?.content.equals(
        Buffer.concat([large, Buffer.from(server.mails[0].content.subarray(large.length))]),
      ),
    ).toBe(true);
  });
});
