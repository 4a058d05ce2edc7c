import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { LOOPBACK_CERTIFICATE } from '#libs/mail/testing';
import { DestinationUnreachable } from './destination-unreachable.ts';
import { Egress, MAX_ANSWER_BYTES } from './egress.ts';
import type { EgressDestinations, EgressOptions } from './egress.ts';

const ANSWERS: Readonly<Record<string, RequestListener>> = {
  '/good': (_, response) => response.end('{"good":true}'),
  '/full': (_, response) => response.end('x'.repeat(MAX_ANSWER_BYTES)),
  '/redirect': (_, response) => response.writeHead(302, { location: '/good' }).end(),
  '/huge-and-says-so': (_, response) => response.end('x'.repeat(MAX_ANSWER_BYTES + 1)),
  '/huge-in-chunks': (_, response) => {
    const more = () => {
      if (!response.destroyed) response.write('x'.repeat(65_536), more);
    };
    more();
  },
  '/gzip-bomb': (_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000))),
  '/drip': (_, response) => {
    const drop = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(drop));
  },
  '/never': () => undefined,
  '/half': (request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half');
    setTimeout(() => request.socket.destroy(), 20);
  },
  '/broken': (_, response) => response.writeHead(503).end(),
  '/refused': (_, response) => response.writeHead(400).end('{"error":"invalid_grant"}'),
};

const SERVING = JSON.stringify(LOOPBACK_CERTIFICATE);
/** A server with a certificate that nobody vouches for, and the word with which asking it ends. */
const ASKING = `
  import { createServer } from 'node:https';
  const [, egress, certificate] = process.argv;
  const { Egress } = await import(egress);
  const server = createServer(JSON.parse(certificate), (_, response) => response.end('{}'));
  server.listen(0, '127.0.0.1', async () => {
    const host = 'localhost:' + server.address().port;
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
    const passage = new Egress({ lookup }).to({ hosts: [host], privateAddresses: ['127.0.0.1'] });
    const said = await passage.ask(new URL('https://' + host)).then(({ status }) => status, ({ message }) => message);
    process.stdout.write(String(said), () => process.exit());
  });
`;

describe('the only way out', () => {
  const seen: string[] = [];
  const listener: RequestListener = (request, response) => {
    seen.push(`${request.headers.host} ${request.url} ${request.headers['accept-encoding']}`);
    ANSWERS[request.url ?? '']?.(request, response);
  };
  const plain = createServer(listener);
  const secure = createSecureServer(LOOPBACK_CERTIFICATE, listener);
  let port: number;
  let securePort: number;

  beforeAll(async () => {
    [port, securePort] = await Promise.all([listen(plain), listen(secure)]);
  });
  afterAll(() => Promise.all([close(plain), close(secure)]));

  const ask = (url: string, destinations: EgressDestinations, options: EgressOptions = {}) =>
    new Egress(options).to(destinations).ask(new URL(url));
  const here = (path: string, options: EgressOptions = {}) =>
    ask(`http://127.0.0.1:${port}${path}`, { hosts: [`127.0.0.1:${port}`], privateAddresses: ['127.0.0.1'] }, options);
  const resolvesTo = (...addresses: string[]): EgressOptions => ({
    lookup: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  });

  it('brings a good answer', async () => {
    const { status, body } = await here('/good');
    expect([status, Buffer.from(body).toString()]).toEqual([200, '{"good":true}']);
  });

  it('brings a body of exactly 256 KiB', async () => {
    expect((await here('/full')).body.byteLength).toBe(MAX_ANSWER_BYTES);
  });

  it('brings an error of the protocol as it is', async () => {
    expect((await here('/refused')).status).toBe(400);
  });

  it.each([
    ['a redirect', '/redirect', 'redirect'],
    ['a body that is too large', '/huge-and-says-so', 'too large'],
    ['a body that never ends', '/huge-in-chunks', 'too large'],
    ['a compressed body, however small', '/gzip-bomb', 'compressed'],
    ['a failure of the other side', '/broken', '503'],
    ['half an answer', '/half', '127.0.0.1'],
  ])('refuses %s', async (_, path, word) => {
    const refusal = await here(path).catch((fault: unknown) => fault);
    expect(refusal).toBeInstanceOf(DestinationUnreachable);
    expect((refusal as Error).message).toContain(word);
  });

  it.each([
    ['answers never', '/never'],
    ['drips its answer', '/drip'],
  ])('gives up on who %s', async (_, path) => {
    await expect(here(path, { exchangeMs: 200 })).rejects.toThrow('took longer');
  });

  it('gives up on a name that is never resolved', async () => {
    const lookup = () => new Promise<never>(() => undefined);
    await expect(
      ask('https://login.example.com/', { hosts: ['login.example.com'] }, { lookup, exchangeMs: 200 }),
    ).rejects.toThrow('took longer');
  });

  it('asks for no compression, and follows nothing', async () => {
    seen.length = 0;
    await here('/redirect').catch(() => undefined);
    expect(seen).toEqual([`127.0.0.1:${port} /redirect identity`]);
  });

  it('refuses a connection that nobody takes', async () => {
    const gone = createServer();
    const closedPort = await listen(gone);
    await close(gone);
    await expect(
      ask(`http://127.0.0.1:${closedPort}/`, {
        hosts: [`127.0.0.1:${closedPort}`],
        privateAddresses: ['127.0.0.1'],
      }),
    ).rejects.toThrow('ECONNREFUSED');
  });

  describe('a host that is not listed', () => {
    const listed: EgressDestinations = { hosts: ['login.example.com'] };
    it.each([
      ['another host', 'https://evil.example/'],
      ['a host that only begins like it', 'https://login.example.com.evil.example/'],
      ['another port', 'https://login.example.com:8443/'],
      ['http', 'http://login.example.com/'],
      ['another scheme', 'ftp://login.example.com/'],
      ['a name and a password', 'https://me:secret@login.example.com/'],
    ])('is not asked: %s', async (_, url) => {
      await expect(ask(url, listed, resolvesTo('127.0.0.1'))).rejects.toBeInstanceOf(DestinationUnreachable);
    });
  });

  describe('an address that is not listed', () => {
    it.each([
      ['loopback', 'https://127.0.0.1/', '127.0.0.1'],
      ['loopback, as one number', 'https://2130706433/', '127.0.0.1'],
      ['loopback in octal', 'https://0177.0.0.1/', '127.0.0.1'],
      ['the metadata service', 'https://169.254.169.254/', '169.254.169.254'],
      ['loopback IPv6', 'https://[::1]/', '[::1]'],
      ['IPv4-mapped', 'https://[::ffff:127.0.0.1]/', '[::ffff:7f00:1]'],
    ])('is not asked, though its host is listed: %s', async (_, url, host) => {
      await expect(ask(url, { hosts: [host] })).rejects.toThrow('not a listed address');
    });

    it.each([
      ['loopback', ['127.0.0.1']],
      ['the metadata service', ['169.254.169.254']],
      ['IPv4-mapped', ['::ffff:10.0.0.1']],
      ['ULA', ['fd00::1']],
      ['one public, one not', ['93.184.215.14', '127.0.0.1']],
    ])('is not what a name may stand for: %s', async (_, addresses) => {
      const asking = ask(
        `https://rebound.example:${securePort}/`,
        { hosts: [`rebound.example:${securePort}`] },
        resolvesTo(...addresses),
      );
      await expect(asking).rejects.toThrow('not listed');
    });

    it('is refused when a name changes its mind between two exchanges', async () => {
      let resolved = 0;
      const changing: EgressOptions = {
        lookup: async () => [{ address: (resolved += 1) === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }],
      };
      const passage = new Egress(changing).to({
        hosts: [`rebound.example:${port}`],
        privateAddresses: ['127.0.0.1'],
      });
      const url = new URL(`http://rebound.example:${port}/good`);
      expect((await passage.ask(url)).status).toBe(200);
      await expect(passage.ask(url)).rejects.toThrow('not listed');
    });

    it('is spoken to by http only when it is private and listed', async () => {
      const publicName = ask(
        'http://login.example.com/',
        { hosts: ['login.example.com'], privateAddresses: ['10.0.0.0/8'] },
        resolvesTo('93.184.215.14'),
      );
      await expect(publicName).rejects.toThrow('not listed');
    });
  });

  it('trusts an authority of the organisation when it is given', async () => {
    const destinations = { hosts: [`localhost:${securePort}`], privateAddresses: ['127.0.0.1'] };
    const url = `https://localhost:${securePort}/good`;
    const certificateAuthorities = LOOPBACK_CERTIFICATE.cert;
    const there = resolvesTo('127.0.0.1');
    await expect(ask(url, destinations, there)).rejects.toThrow('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect((await ask(url, { ...destinations, certificateAuthorities }, there)).status).toBe(200);
  });

  it('checks certificates whatever the environment says', async () => {
    // Node reads that variable where it begins: so in a process of its own.
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        '--conditions=segl-source',
        '--input-type=module',
        '--eval',
        ASKING,
        new URL('./egress.ts', import.meta.url).href,
        SERVING,
      ],
      { env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' }, encoding: 'utf8' },
    );
    expect([status, stdout]).toEqual([0, expect.stringMatching(/SELF_SIGNED_CERT/)]);
  });

  it('heeds no proxy of the environment', async () => {
    const before = { ...process.env };
    const nobody = 'http://127.0.0.1:9';
    Object.assign(process.env, { HTTP_PROXY: nobody, http_proxy: nobody, NODE_USE_ENV_PROXY: '1', ALL_PROXY: nobody });
    try {
      expect((await here('/good')).status).toBe(200);
    } finally {
      process.env = before;
    }
  });
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function close(server: Server & { closeAllConnections?: () => void }): Promise<void> {
  server.closeAllConnections?.();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
