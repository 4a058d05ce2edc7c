import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { Program } from './program.ts';
import { runSegl, startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const mail = 'From: office@nordlys.example\r\nTo: anna@example.com\r\nSubject: x\r\n\r\nHello.\r\n';

describe('a program of the organisation', () => {
  let directory: string;
  let portal: RunningProcess;
  let sealer: Program;
  const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  /** Of the program: a receiver of what becomes of its messages. */
  const receiver = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-program-'));
    sealer = await Program.in(directory, ['@nordlys.example'], 'archive');
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const publicKeyFile = join(directory, 'reader.pem');
    await writeFile(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(join(directory, 'reader.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const reader = { clientId: 'reader', kind: 'program', publicKeyFile, scopes: ['audit:read'] };
    const configuration = join(directory, 'segl.yaml');
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const secretFile = join(directory, 'webhook.secret');
    await writeFile(secretFile, secret);
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/segl`;
    const webhook = { url, secretFile, privateAddresses: ['127.0.0.1'] };
    await writeFile(configuration, JSON.stringify({ signIn: { clients: [{ ...sealer.client, webhook }, reader] } }));
    portal = await startProcess({ dataDir: join(directory, 'data'), environment: { SEGL_CONFIG: configuration } });
  }, 120_000);
  afterAll(async () => {
    await portal.stop();
    receiver.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function submit(token: string | null, from = 'office@nordlys.example'): Promise<Response> {
    return fetch(new URL(`/api/v1/messages?from=${from}&to=anna@example.com`, portal.url), {
      method: 'POST',
      headers: {
        'content-type': 'message/rfc822',
        connection: 'close', // the command line runs between two requests, and may take longer than a connection is kept
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: mail,
    });
  }

  it('gets an access token for its key, and seals as the senders that it names', async () => {
    const token = await sealer.accessToken(portal.url);
    expect((await submit(token)).status).toBe(201);
    const refused = await submit(token, 'boss@example.org');
    expect([refused.status, ((await refused.json()) as { type: string }).type]).toEqual([
      403,
      'urn:segl:problem:sender-not-allowed',
    ]);
  });

  it('is sent what becomes of its messages, signed', async () => {
    received.length = 0;
    const answer = await submit(await sealer.accessToken(portal.url));
    const { messages } = (await answer.json()) as { messages: { messageId: string }[] };
    const messageId = messages[0]?.messageId ?? 'none';
    const about = () => received.find(({ body }) => body.includes(messageId));
    for (const deadline = Date.now() + 60_000; about() === undefined && Date.now() < deadline;)
      await new Promise((resume) => setTimeout(resume, 20));
    const { headers, body } = about() ?? { headers: {}, body: '' };
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
      type: 'message.relayed',
      data: { messageId },
    });
  });

  it('gets one by the command line too, which seals only where its scope says so', async () => {
    const [portalUrl, key] = [portal.url.origin, join(directory, 'reader.key')];
    const token = runSegl('token', '--portal', portalUrl, '--client', 'reader', '--key', key, '--scope', 'audit:read');
    const refused = await submit(token.trim());
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('insufficient_scope');
    expect(() => runSegl('token', '--portal', portalUrl, '--client', 'reader', '--key', key)).toThrow(
      /gives reader no token for messages:seal/,
    );
    expect(() => runSegl('token', '--portal', portalUrl, '--client', 'nobody', '--key', key)).toThrow(
      /knows no client nobody with that key/,
    );
  });

  it('is nobody without a token of this portal', async () => {
    for (const token of [null, 'x', 'a.b.c', `${await sealer.accessToken(portal.url)}x`]) {
      expect([token, (await submit(token)).status]).toEqual([token, 401]);
    }
  });
});
