import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOOPBACK_CERTIFICATE } from '#libs/mail/testing';
import { instantOf, plusSeconds } from '#libs/vocabulary';
import { faultsOfWebCertificate } from './web-certificate.ts';

const DAY = 86_400;

describe('the certificate that readers meet', () => {
  let server: Server;
  let url: string;
  const endsAt = instantOf(new Date(new X509Certificate(LOOPBACK_CERTIFICATE.cert).validTo));
  beforeAll(async () => {
    server = createServer(LOOPBACK_CERTIFICATE, (_request, response) => response.end());
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  it('is well for more than two weeks, then warned of, then named as ended', async () => {
    expect(await faultsOfWebCertificate(url, plusSeconds(endsAt, -15 * DAY))).toEqual([]);
    const host = new URL(url).host;
    expect(await faultsOfWebCertificate(url, plusSeconds(endsAt, -13 * DAY))).toEqual([
      `the certificate of ${host} ends at ${endsAt}: see why it is not renewed`,
    ]);
    expect(await faultsOfWebCertificate(url, plusSeconds(endsAt, 1))).toEqual([
      expect.stringContaining(`ended at ${endsAt}`),
    ]);
  });

  it('is nothing to say anything of without TLS, or where nothing answers', async () => {
    expect(await faultsOfWebCertificate(url.replace('https', 'http'), endsAt)).toEqual([]);
    expect(await faultsOfWebCertificate('https://127.0.0.1:9', endsAt)).toEqual([]);
  });
});
