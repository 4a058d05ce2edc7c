import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { SMTPServerOptions } from 'smtp-server';
import { LOOPBACK_CERTIFICATE, startSmtpSink } from '../testing/smtp-sink.ts';
import { tryNextHops } from './try-next-hops.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function sink(options: SMTPServerOptions = {}) {
  const started = await startSmtpSink(options);
  closers.push(() => started.close());
  return started;
}

describe('a dry handshake', () => {
  const authoritiesFile = join(mkdtempSync(join(tmpdir(), 'segl-hops-')), 'authorities.pem');
  writeFileSync(authoritiesFile, LOOPBACK_CERTIFICATE.cert);
  const guarded: SMTPServerOptions = {
    ...LOOPBACK_CERTIFICATE,
    disabledCommands: [],
    authOptional: false,
    onAuth: ({ password }, _session, done) =>
      password === 'right'
        ? done(null, { user: 'portal' })
        : done(Object.assign(new Error('Invalid credentials'), { responseCode: 535 })),
  };

  it('goes as far as a login, under verified TLS, and begins no mail', async () => {
    const begun: string[] = [];
    const server = await sink({
      ...guarded,
      onMailFrom: ({ address }, _session, done) => (begun.push(address), done()),
    });
    const url = `smtp://portal:right@localhost:${server.port}?tls=required`;
    expect(await tryNextHops(url, { authoritiesFile })).toEqual([
      { where: `localhost:${server.port}`, isReady: true, said: 'TLSv1.3, logged in' },
    ]);
    expect(begun).toEqual([]);
  });

  it.each([
    ['a wrong password', 'portal:wrong@', true, /^it replied 535 .*Invalid credentials to AUTH/],
    ['a certificate that nobody vouches for', 'portal:right@', false, /self-signed certificate/],
  ])('names %s, without the password', async (_what, login, isTrusted, said) => {
    const server = await sink(guarded);
    const url = `smtp://${login}localhost:${server.port}?tls=required`;
    const [hop] = await tryNextHops(url, isTrusted ? { authoritiesFile } : {});
    expect(hop).toMatchObject({ isReady: false, said: expect.stringMatching(said) });
    expect(hop?.said).not.toMatch(/wrong|right/);
  });

  it('names a hop without STARTTLS where it must have it, and one that is not there, beside one that is ready', async () => {
    const [plain, gone] = [await sink(), await sink()];
    await gone.close();
    const urls = [
      `smtp://127.0.0.1:${plain.port}`,
      `smtp://localhost:${plain.port}?tls=required`,
      `smtp://127.0.0.1:${gone.port}`,
    ];
    expect((await tryNextHops(urls.join(' '))).map(({ isReady, said }) => [isReady, said])).toEqual([
      [true, 'no TLS'],
      [false, expect.stringMatching(/^it replied 500 .* to STARTTLS$/)],
      [false, expect.stringContaining('ECONNREFUSED')],
    ]);
  });
});
