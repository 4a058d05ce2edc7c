import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { argon2id, hash } from 'argon2';
import { makeCertificate } from '../testing/certificates.ts';
import type { MadeCertificate } from '../testing/certificates.ts';
import { readDialogue, speak } from '../testing/smtp-dialogue.ts';
import { openSmtpRoom, smtpClient } from '../testing/smtp-room.ts';
import type { SmtpRoom } from '../testing/smtp-room.ts';
import type { InboundSettings } from './inbound-settings.ts';
import { readServerCertificate, watchServerCertificate } from './server-certificate.ts';

const NAME = 'gateway.nordlys.example';
const HAS_SWAKS = existsSync('/usr/bin/swaks') && existsSync('/usr/share/doc/libnet-ssleay-perl');
const withSwaks = HAS_SWAKS ? it : it.skip;

let place: string;
let authority: MadeCertificate;
let files: { certificateFile: string; privateKeyFile: string };
let passwordHash: string;
let room: SmtpRoom | null = null;

async function file(name: string, content: string): Promise<string> {
  await writeFile(join(place, `${name}.new`), content);
  await rename(join(place, `${name}.new`), join(place, name)); // whole at once: half of a file is a fault of its own
  return join(place, name);
}
const issued = (name: string) => makeCertificate({ name, issuer: { ...authority, name: 'Nordlys CA' } });

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'segl-smtp-tls-'));
  authority = await makeCertificate({ name: 'Nordlys CA', isAuthority: true });
  const server = await issued(NAME);
  files = {
    certificateFile: await file('server.pem', server.cert),
    privateKeyFile: await file('server.key', server.key),
  };
  await file('ca.pem', authority.cert);
  passwordHash = await hash('correct horse', { type: argon2id, memoryCost: 1024, timeCost: 1 });
});
afterEach(async () => {
  await room?.close();
  room = null;
});
afterAll(() => rm(place, { recursive: true }));

async function open(more: Partial<InboundSettings> = {}): Promise<SmtpRoom> {
  room = await openSmtpRoom({ certificate: files, requiresTls: true, tlsPort: 0, ...more });
  return room;
}

/** What swaks says when it hands one mail in, the server's certificate checked. */
async function swaks(port: number, ...more: string[]): Promise<{ code: number | null; text: string }> {
  const args = [
    '--server',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--from',
    'office@nordlys.example',
    '--to',
    'anna@example.com',
  ];
  const checked = [
    '--tls-verify',
    '--tls-ca-path',
    join(place, 'ca.pem'),
    '--timeout',
    '20s',
    '--helo',
    'mail.example',
  ];
  const child = spawn('/usr/bin/swaks', [...args, ...checked, ...more]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (text += piece.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

describe('TLS', () => {
  withSwaks('is begun with STARTTLS, or at once, with the operator’s own certificate', async () => {
    const { ports, passing } = await open();
    expect(await swaks(ports[0] ?? 0, '--tls')).toMatchObject({ code: 0, text: expect.stringContaining(`CN=${NAME}`) });
    expect(await swaks(ports[1] ?? 0, '--tls-on-connect')).toMatchObject({ code: 0 });
    expect(passing.mails.map(({ session }) => session.protocol)).toEqual(['ESMTPS', 'ESMTPS']);
  });

  withSwaks('is wanted before a mail', async () => {
    const { ports, passing } = await open();
    const { code, text } = await swaks(ports[0] ?? 0);
    expect([code, text]).toEqual([23, expect.stringContaining('530 5.7.0 must issue a STARTTLS command first')]);
    expect(passing.mails).toEqual([]);
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('is none of an old version: %s', async (version) => {
    const { ports, watch } = await open();
    const ciphers = 'DEFAULT:@SECLEVEL=0';
    const socket = connectTls({
      port: ports[1] ?? 0,
      host: '127.0.0.1',
      maxVersion: version,
      minVersion: version,
      ciphers,
      rejectUnauthorized: false,
    });
    const outcome = await new Promise((resolve) => {
      socket.once('secureConnect', () => resolve('connected'));
      socket.once('error', () => resolve('refused'));
    });
    socket.destroy();
    expect(outcome).toBe('refused');
    while (watch.said.length === 0) await new Promise((resume) => setTimeout(resume, 5));
    expect(watch.said[0]).toMatch(/^info: a TLS handshake over SMTP failed \{"reason":"ERR_SSL_/);
  });

  it('is not waited for, at once or after STARTTLS, and the place is given back', async () => {
    const { ports } = await open({ silenceSeconds: 1, connections: 1 });
    const silent = async (port = 0, begin = '') => {
      const socket = connect({ port, host: '127.0.0.1' });
      let text = '';
      socket.on('data', (piece: Buffer) => {
        text += piece.toString();
        if (begin !== '' && text.startsWith('220 ')) socket.write(begin);
        begin = '';
      });
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.once('close', resolve));
      return text;
    };
    expect(await silent(ports[1])).toBe('');
    let text = '';
    while (!text.startsWith('220 ')) text = await silent(ports[0], 'STARTTLS\r\n'); // the place comes back in its own time
    expect(text).toMatch(/220 2\.0\.0 Ready to start TLS\r\n$/);
  });

  it('drops what came behind STARTTLS in clear, and the connection with it', async () => {
    const { ports } = await open();
    const steps = [
      'S: 220',
      'C: EHLO a.example',
      'S: 250',
      'has: STARTTLS',
      'C~: STARTTLS\\r\\nEHLO injected\\r\\n',
      'S: 503 5.5.1',
      'closed',
    ];
    await speak(readDialogue(['# injected', ...steps].join('\n')), ports[0] ?? 0);
  });

  it('takes nothing that was said in clear into the session', async () => {
    const { ports } = await open({ requiresTls: false });
    const socket = connect({ port: ports[0] ?? 0, host: '127.0.0.1' });
    const replies = async (until: RegExp, from: Readable) => {
      let text = '';
      for await (const piece of from.iterator({ destroyOnReturn: false }))
        if (until.test((text += String(piece)))) return text;
      return text;
    };
    await replies(/^220 /m, socket);
    socket.write('EHLO a.example\r\n');
    await replies(/^250 /m, socket);
    socket.write('MAIL FROM:<office@nordlys.example>\r\n');
    await replies(/^250 /m, socket);
    socket.write('STARTTLS\r\n');
    await replies(/^220 /m, socket);
    const secure = connectTls({ socket, ca: authority.cert, servername: NAME });
    await new Promise((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject));
    secure.write('RCPT TO:<anna@example.com>\r\n');
    expect(await replies(/\n/, secure)).toMatch(/^503 5\.5\.1/);
    secure.write('EHLO a.example\r\nSTARTTLS\r\n');
    const text = await replies(/^503 /m, secure);
    expect(text).not.toContain('-STARTTLS');
    secure.destroy();
  });
});

describe('a login', () => {
  const clients = () => [smtpClient({ clientId: 'crm', passwordHash })];
  const as = (user: string, password: string) => ['--auth-user', user, '--auth-password', password];

  withSwaks.each(['PLAIN', 'LOGIN'])('by %s hands mail in', async (way) => {
    const { ports, passing } = await open({ clients: clients() });
    expect(await swaks(ports[0] ?? 0, '--tls', '--auth', way, ...as('crm', 'correct horse'))).toMatchObject({
      code: 0,
    });
    expect(passing.mails.map(({ client, session }) => [client, session.protocol])).toEqual([['crm', 'ESMTPSA']]);
  });

  withSwaks('with a wrong password, or without one, hands nothing in', async () => {
    const { ports, passing, watch } = await open({ clients: clients() });
    expect((await swaks(ports[0] ?? 0, '--tls', '--auth', 'PLAIN', ...as('crm', 'wrong'))).text).toContain('535 5.7.8');
    expect((await swaks(ports[0] ?? 0, '--tls', '--auth', 'LOGIN', ...as('root', 'correct horse'))).text).toContain(
      '535 5.7.8',
    );
    expect((await swaks(ports[0] ?? 0, '--tls')).text).toContain('530 5.7.0');
    expect(passing.mails).toEqual([]);
    expect(watch.said).toHaveLength(2);
    expect(watch.said.join()).not.toMatch(/wrong|horse|root|crm|127\.0\.0\.1/);
  });

  withSwaks('writes as its own senders alone', async () => {
    const { ports } = await open({ clients: clients() });
    const other = ['--from', 'ceo@other.example'];
    expect(
      (await swaks(ports[0] ?? 0, '--tls', '--auth', 'PLAIN', ...as('crm', 'correct horse'), ...other)).text,
    ).toContain('550 5.7.1');
  });

  it('is not taken within a mail, which was held to another client', async () => {
    const { ports } = await open({ clients: [...clients(), smtpClient()] });
    const socket = connectTls({ port: ports[1] ?? 0, host: '127.0.0.1', ca: authority.cert, servername: NAME });
    let text = '';
    socket.on('data', (piece: Buffer) => (text += piece.toString()));
    const token = Buffer.from('\0crm\0correct horse').toString('base64');
    socket.write(`EHLO a.example\r\nMAIL FROM:<office@nordlys.example>\r\nAUTH PLAIN ${token}\r\nQUIT\r\n`);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(text).toContain('\r\n503 5.5.1 no login within a mail\r\n');
  });

  it('is not offered in clear', async () => {
    const { ports } = await open({ clients: clients(), requiresTls: false });
    const steps = [
      'S: 220',
      'C: EHLO a.example',
      'S: 250',
      'lacks: AUTH',
      'C: AUTH PLAIN AGNybQBjb3JyZWN0',
      'S: 538 5.7.11',
      'C: MAIL FROM:<office@nordlys.example>',
      'S: 530 5.7.0',
    ];
    await speak(readDialogue(['# in clear', ...steps].join('\n')), ports[0] ?? 0);
  });

  it('is not asked three times, and no token is read that names somebody else', async () => {
    const { ports } = await open({ clients: clients() });
    const socket = connectTls({ port: ports[1] ?? 0, host: '127.0.0.1', ca: authority.cert, servername: NAME });
    let text = '';
    socket.on('data', (piece: Buffer) => (text += piece.toString()));
    const token = Buffer.from('root\0crm\0correct horse').toString('base64');
    socket.write(
      `EHLO a.example\r\nAUTH PLAIN ${token}\r\nAUTH PLAIN AAAA\r\nAUTH PLAIN ${token}\r\nAUTH PLAIN ${token}\r\nNOOP\r\n`,
    );
    await new Promise((resolve) => socket.once('close', resolve));
    expect(
      text
        .split('\r\n')
        .slice(-6)
        .map((line) => line.slice(0, 9)),
    ).toEqual(['250 SIZE ', '535 5.7.8', '501 5.5.4', '535 5.7.8', '421 4.7.0', '']);
  });
});

describe('a client’s certificate', () => {
  async function swaksWith(certificate: MadeCertificate, port: number, ...more: string[]) {
    const cert = await file('client.pem', certificate.cert);
    const key = await file('client.key', certificate.key);
    return swaks(port, '--tls', '--tls-cert', cert, '--tls-key', key, ...more);
  }

  withSwaks('is known by its name, from the authority alone', async () => {
    const client = smtpClient({ clientId: 'edge', certificateNames: ['mail.nordlys.example'] });
    const { ports, passing } = await open({ clients: [client], clientAuthorities: [authority.cert] });
    expect(await swaksWith(await issued('mail.nordlys.example'), ports[0] ?? 0)).toMatchObject({ code: 0 });
    expect((await swaksWith(await makeCertificate({ name: 'mail.nordlys.example' }), ports[0] ?? 0)).text).toContain(
      '554 5.7.1',
    );
    expect((await swaksWith(await issued('other.nordlys.example'), ports[0] ?? 0)).text).toContain('554 5.7.1');
    expect((await swaks(ports[0] ?? 0, '--tls')).text).toContain('554 5.7.1');
    expect(passing.mails.map(({ client: name }) => name)).toEqual(['edge']);
  });

  withSwaks('is known by its fingerprint, whoever issued it', async () => {
    const own = await makeCertificate({ name: 'anything.example' });
    const client = smtpClient({ clientId: 'edge', certificateFingerprints: [own.fingerprint] });
    const { ports, passing } = await open({ clients: [client] });
    expect(await swaksWith(own, ports[0] ?? 0)).toMatchObject({ code: 0 });
    expect((await swaksWith(await makeCertificate({ name: 'anything.example' }), ports[0] ?? 0)).text).toContain(
      '554 5.7.1',
    );
    expect(passing.mails).toHaveLength(1);
  });
});

describe('the server’s certificate', () => {
  it('is refused where it is missing, none, or of another key', async () => {
    const other = await makeCertificate({ name: NAME });
    const wrongKey = { ...files, privateKeyFile: await file('other.key', other.key) };
    const none = { ...files, certificateFile: await file('none.pem', 'nothing') };
    const missing = { ...files, certificateFile: join(place, 'missing.pem') };
    expect(() => readServerCertificate(wrongKey)).toThrow(/other\.key is not the key of the certificate in/);
    expect(() => readServerCertificate(none)).toThrow(/none\.pem holds no certificate/);
    expect(() => readServerCertificate(missing)).toThrow(/missing\.pem cannot be read \(ENOENT\)/);
    await expect(openSmtpRoom({ certificate: wrongKey })).rejects.toMatchObject({ code: 'server-certificate-fault' });
  });

  it('is taken into use while the server runs', async () => {
    const [first, second] = [await issued('one.example'), await issued('two.example')];
    const changing = {
      certificateFile: await file('used.pem', first.cert),
      privateKeyFile: await file('used.key', first.key),
    };
    const { ports, watch } = await open({ certificate: changing, certificateLookMilliseconds: 20 });
    const shown = async (port = 0) => {
      const socket = connectTls({ port, host: '127.0.0.1', ca: authority.cert, checkServerIdentity: () => undefined });
      await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return subject.CN;
    };
    expect(await shown(ports[1])).toBe('one.example');
    await file('used.key', second.key);
    await file('used.pem', second.cert);
    while (!watch.said.some((words) => words.includes('a new certificate for SMTP is in use')))
      await new Promise((resume) => setTimeout(resume, 5));
    expect(await shown(ports[1])).toBe('two.example');
  });

  it('is taken anew when the files change, and a faulty one is said once', async () => {
    const [first, second] = [await issued('one.example'), await issued('two.example')];
    const changing = {
      certificateFile: await file('c.pem', first.cert),
      privateKeyFile: await file('c.key', first.key),
    };
    const heard: string[] = [];
    const timer = watchServerCertificate(
      changing,
      readServerCertificate(changing),
      {
        renewed: ({ cert }) => heard.push(cert === second.cert ? 'renewed' : 'another'),
        faulty: () => heard.push('faulty'),
      },
      10,
    );
    const until = async (count: number) => {
      while (heard.length < count) await new Promise((resume) => setTimeout(resume, 5));
    };
    try {
      await file('c.pem', second.cert);
      await until(1);
      await new Promise((resume) => setTimeout(resume, 50));
      await file('c.key', second.key);
      await until(2);
      expect(heard).toEqual(['faulty', 'renewed']);
    } finally {
      clearInterval(timer);
    }
  });
});
