import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { initKeyring } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import { freePort } from '#libs/vocabulary/testing';
import { NORDLYS } from './installation.ts';
import { blockWith, runbookBlocks } from './postfix-runbook.ts';
import { noPostfixBecause } from './postfix-instance.ts';
import { startPostfix } from './postfix.ts';
import type { Postfix } from './postfix.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';
import { startSendingPostfix } from './sending-postfix.ts';
import type { SendingPostfix } from './sending-postfix.ts';

const anna = 'anna@example.com';
const office = 'office@nordlys.example';
const noPostfix = noPostfixBecause() ?? (existsSync('/usr/bin/openssl') ? null : 'there is no openssl');
const mail = `From: <${office}>\r\nTo: <${anna}>\r\nSubject: The offer\r\nMessage-ID: <one@nordlys.example>\r\n\r\nWe offer 412,500.\r\n`;

(noPostfix === null ? describe : describe.skip)(
  `Postfix as ops/runbooks/postfix.md has it${noPostfix ? ` (${noPostfix})` : ''}`,
  () => {
    let place: string;
    const toEnd: (() => unknown)[] = [];
    beforeAll(async () => {
      place = await mkdtemp(join(tmpdir(), 'segl-runbook-'));
      await initKeyring(join(place, 'keyring'), { demonstration: false, now: new SystemClock().now() });
    });
    afterEach(async () => {
      for (const end of toEnd.splice(0).reverse()) await end();
    }, 60_000);
    afterAll(() => rm(place, { recursive: true }));

    async function startSegl(settings: object): Promise<RunningProcess> {
      const dataDir = await mkdtemp(join(place, 'data-'));
      const [port, managementPort] = [await freePort(), await freePort()];
      const whole = {
        publicUrl: `http://localhost:${port}`,
        httpHost: '127.0.0.1',
        keyring: join(place, 'keyring'),
        organisation: NORDLYS.organisation,
        passcode: NORDLYS.passcode,
        ...settings,
      };
      const file = join(dataDir, 'segl.yaml');
      await writeFile(file, JSON.stringify(whole)); // JSON is YAML
      const running = await startProcess({
        arguments: [],
        dataDir: join(dataDir, 'data'),
        port,
        managementPort,
        environment: { SEGL_CONFIG: file },
      });
      toEnd.push(() => running.stop());
      return running;
    }

    /** Asks until there is one; a failure has the logs of all who had it in their hands. */
    async function carrierIn(postfix: Postfix, logs: () => Promise<string>): Promise<Buffer> {
      const deadline = Date.now() + 90_000;
      while (Date.now() < deadline) {
        const [found] = await postfix.mailsTo(anna);
        if (found !== undefined) return found;
        await new Promise((resume) => setTimeout(resume, 50));
      }
      throw new Error(`no mail came\n${await logs()}`);
    }

    it('filters one entrance, and takes the mail back on the way to the world', async () => {
      const ports = { entrance: await freePort(), way: await freePort(), segl: await freePort() };
      const blocks = runbookBlocks({
        'submission inet': `127.0.0.1:${ports.entrance} inet`,
        '127.0.0.1:10026': `127.0.0.1:${ports.way}`,
        '[127.0.0.1]:2525': `[127.0.0.1]:${ports.segl}`,
        '  host: 127.0.0.1': `  host: 127.0.0.1\n  port: ${ports.segl}`,
      });
      const services = [blockWith(blocks, '-o content_filter=smtp:'), blockWith(blocks, '-o mynetworks')];
      const postfix = await startPostfix([anna], {
        main: ['mynetworks = 127.0.0.0/8', 'smtp_tls_security_level = none', 'disable_dns_lookups = yes'],
        services: [...services.map((block) => block.trimEnd()), 'smtp unix - - n - - smtp'],
      });
      toEnd.push(() => postfix.cleanUp());
      const segl = await startSegl(parse(blockWith(blocks, 'clientId: postfix')) as object);

      await handIn(ports.entrance);
      const carrier = await carrierIn(postfix, async () => `${segl.output()}\n${await postfix.log()}`);
      const text = carrier.toString('latin1');
      expect(text).toContain('message.html');
      expect(text).not.toMatch(/412,500|The offer/);
      expect(await (await fetch(new URL('/readyz', segl.managementUrl))).text()).toBe('ready\n');
    }, 200_000);

    it('sends all that leaves, under TLS that it verifies', async () => {
      const [cert, key, port] = [join(place, 'smtp.pem'), join(place, 'smtp.key'), await freePort()];
      makeCertificate('gateway.nordlys.example', cert, key);
      const blocks = runbookBlocks({
        'relayhost = [gateway.nordlys.example]:2525': `relayhost = [127.0.0.1]:${port}`,
        '/etc/ssl/certs/ca-certificates.crt': cert,
      });
      const behind = await startPostfix([anna]);
      toEnd.push(() => behind.cleanUp());
      const segl = await startSegl({
        relayUrl: `smtp://127.0.0.1:${behind.port}`,
        smtp: {
          port,
          certificateFile: cert,
          privateKeyFile: key,
          clients: [{ clientId: 'postfix', networks: ['127.0.0.1'], senders: ['@nordlys.example'] }],
        },
      });
      const inFront: SendingPostfix = await startSendingPostfix([port], {
        main: [...blockWith(blocks, 'smtp_tls_security_level = secure').trimEnd().split('\n'), 'smtp_tls_loglevel = 1'],
      });
      toEnd.push(() => inFront.cleanUp());

      await inFront.sendmail(office, [anna], mail.replaceAll('\r\n', '\n'));
      const carrier = await carrierIn(behind, async () => `${segl.output()}\n${await inFront.log()}`);
      expect(carrier.toString('latin1')).not.toMatch(/412,500|The offer/);
      expect(await inFront.log()).toMatch(/Verified TLS connection established to 127\.0\.0\.1/);
    }, 200_000);
  },
);

/** As a mail program does, one line at a time. */
async function handIn(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  const lines = ['EHLO pc.nordlys.example', `MAIL FROM:<${office}>`, `RCPT TO:<${anna}>`, 'DATA', `${mail}.`, 'QUIT'];
  let text = '';
  for await (const piece of socket as AsyncIterable<Buffer>) {
    text += piece.toString();
    const [whole] = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/.exec(text) ?? [];
    if (whole === undefined) continue;
    if (!/^[23]/.test(whole)) throw new Error(whole);
    text = '';
    const next = lines.shift();
    if (next === undefined) break;
    socket.write(`${next}\r\n`);
  }
}

function makeCertificate(name: string, cert: string, key: string): void {
  const asked = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  const named = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  const { status } = spawnSync('openssl', [...asked, ...named, '-out', cert, '-keyout', key], { stdio: 'ignore' });
  if (status !== 0) throw new Error('openssl made no certificate');
}
