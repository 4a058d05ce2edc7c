import { connect } from 'node:net';
import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateHybridIdentity, Encrypter, identityToRecipient } from 'age-encryption';
import { answerOf, HttpReader, mailIdsIn, newestCarrierField } from './http-reader.ts';
import type { Answer } from './http-reader.ts';
import { runSegl, startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded' };

describe('what bad input gets', () => {
  let portal: RunningProcess;
  let carrier: string;

  beforeAll(async () => {
    portal = await startProcess();
    carrier = await newestCarrierField(portal.url);
  }, 240_000);
  afterAll(async () => {
    await portal.stop();
    await portal.cleanUp();
  });

  const post = async (
    body: string | Uint8Array | FormData,
    headers: Record<string, string> = {},
    url = portal.url,
  ): Promise<Answer> =>
    answerOf(
      await fetch(new URL('/open', url), {
        method: 'POST',
        redirect: 'manual',
        headers: { 'accept-language': 'en', connection: 'close', ...headers },
        body: body as NonNullable<RequestInit['body']>,
      }),
    );

  async function sealedByAStranger(): Promise<string> {
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(await generateHybridIdentity()));
    return Buffer.from(await encrypter.encrypt('From: evil\r\n\r\nhello')).toString('base64url');
  }

  function altered(): string {
    const bytes = Buffer.from(carrier, 'base64url');
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    return bytes.toString('base64url');
  }

  /** All but the language offered, which is a link at an address and a form after a form. */
  const alike = ({ status, body }: Answer) => [status, body.replace(/<nav class="languages"[\s\S]*?<\/nav>\n?/, '')];

  it('answers every carrier that cannot be shown alike, byte for byte, and reveals nothing', async () => {
    const fields = [carrier.slice(0, 3000), carrier.slice(0, -40), altered(), await sealedByAStranger()];
    const answers = await Promise.all(fields.map((field) => post(`m=${field}`, form)));
    answers.push(await new HttpReader(portal.url).get('/m/x'));
    for (const answer of answers) expect(alike(answer)).toEqual(alike(answers[0] as Answer));
    expect(answers[0]?.status).toBe(404);
    expect(answers[0]?.body).toContain('We cannot show this message right now');
    expect(answers[0]?.body).toContain('Open the attachment again');
  });

  it('says of what is no sealed message that it is none, and gives a reference to ask with', async () => {
    for (const field of ['bm90IGEgc2VhbA', randomBytes(3000).toString('base64url'), '!!!!']) {
      const { status, body } = await post(`m=${field}`, form);
      expect([status, body]).toEqual([422, expect.stringContaining('This file is not a sealed message')]);
      expect(body).toMatch(/the reference [a-z2-7]{10}\b/);
    }
  });

  it('answers what it may no longer show like what it never sealed, with the reason in the record alone', async () => {
    await post(`m=${randomBytes(3000).toString('base64url')}`, form);
    const generic = await post(`m=${carrier.slice(0, -40)}`, form); // altered
    const metrics = await (await fetch(new URL('/metrics', portal.managementUrl))).text();
    for (const path of ['/metrics', '/readyz']) expect((await fetch(new URL(path, portal.url))).status).toBe(404);
    expect(metrics).toMatch(/segl_view_denials_total\{reason="not-sealed-mail"\} [1-9]/);
    for (const reason of ['revoked', 'expired']) {
      const other = await startProcess({
        environment: reason === 'expired' ? { SEGL_SEALING_LIFETIME_DAYS: '0.00001' } : {}, // not a second
      });
      const field = await newestCarrierField(other.url);
      const segl = (...command: string[]) => runSegl(...command, '--demonstration', '--data-dir', other.dataDir);
      const query = (type: string) =>
        JSON.parse(segl('audit', 'query', '--type', type, '--json')) as { rows: unknown[] };
      const [sealed] = query('MessageSealed').rows as [{ messageId: string; data: { expiresAt: string } }];
      if (reason === 'revoked') segl('revoke', sealed.messageId, '--by', 'compliance', '--yes');
      else
        await new Promise((resolve) =>
          setTimeout(resolve, Math.max(0, Date.parse(sealed.data.expiresAt) - Date.now()) + 50),
        );
      const answer = await post(`m=${field}`, form, other.url);
      expect([answer.status, generic.status]).toEqual([404, 404]);
      expect([reason, answer.body]).toEqual([reason, generic.body]);
      const denied = query('ViewDenied').rows;
      const { messageId } = sealed;
      expect(denied).toMatchObject([{ messageId, data: { reason } }]);
      await other.stop();
      await other.cleanUp();
    }
  }, 240_000);

  it('takes the carrier that it sealed', async () => {
    expect(await post(`m=${carrier}`, form)).toMatchObject({
      status: 303,
      location: expect.stringMatching(/^\/m\/[a-z2-7]{32}$/),
    });
    const file = new FormData();
    file.set(
      'carrier',
      new Blob([`<meta name="segl" content="1 x"><input type="hidden" name="m" value="${carrier}">`]),
      'message.html',
    );
    expect((await post(file)).status).toBeLessThan(500);
  });

  it.each([
    ['a second field', () => post(`m=${carrier}&n=1`, form), 400],
    ['the field twice', () => post(`m=${carrier}&m=${carrier}`, form), 400],
    ['another field', () => post('x=1', form), 400],
    ['a compressed body', () => post(gzipSync(`m=${carrier}`), { ...form, 'content-encoding': 'gzip' }), 415],
    ['another kind of body', () => post('{}', { 'content-type': 'application/json' }), 415],
    ['multipart without a boundary', () => post('x', { 'content-type': 'multipart/form-data' }), 400],
    [
      'two files',
      () => {
        const files = new FormData();
        for (const name of ['one', 'two']) files.append('carrier', new Blob(['x']), name);
        return post(files);
      },
      400,
    ],
    [
      'a field beside the file',
      () => {
        const files = new FormData();
        files.set('more', 'x');
        files.set('carrier', new Blob(['x']), 'one');
        return post(files);
      },
      400,
    ],
  ])('%s', async (_, send, status) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(answer.body).toContain('<h1>');
  });

  it('a body over the limit is answered at once, read a little further, and cut', async () => {
    for (const announced of [true, false]) {
      const startedAt = Date.now();
      const socket = connect(Number(portal.url.port), '127.0.0.1');
      let answer = '';
      socket.on('data', (text: Buffer) => (answer += text.toString()));
      socket.on('error', () => undefined);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      const length = announced ? `Content-Length: ${10 ** 9}` : 'Transfer-Encoding: chunked';
      socket.write(
        `POST /open HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${form['content-type']}\r\n${length}\r\n\r\n`,
      );
      // A visitor who never stops: real ciphertext first, then more than anyone may send.
      const piece = Buffer.alloc(1024 * 1024, 0x41);
      const send = (bytes: Uint8Array) =>
        new Promise<void>((resolve) => {
          const framed = announced
            ? bytes
            : Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
          if (socket.destroyed) resolve();
          else socket.write(framed, () => resolve());
        });
      void (async () => {
        await send(Buffer.from(`m=${carrier}`));
        while (!socket.destroyed) await send(piece);
      })();
      await closed;
      expect(answer).toMatch(announced ? /^HTTP\/1\.1 413 / : /^HTTP\/1\.1 4(13|04) /);
      expect(Date.now() - startedAt).toBeLessThan(30_000);
    }
  }, 120_000);

  it('shows no stack, path or SQL on any error page', async () => {
    const reader = new HttpReader(portal.url);
    const pages = await Promise.all([
      reader.get('/nothing-here'),
      reader.get('/prove/code/x'),
      reader.get(`/prove/code/${'a'.repeat(26)}`),
      reader.get('/demo/mailbox/none'),
      reader.get('/m/%00'),
      reader.get("/m/' OR 1=1 --"),
      reader.get('/m/__proto__/authenticate?proof=constructor'),
      post('m=%ZZ', form),
      answerOf(
        await fetch(new URL('/sign-out', portal.url), { method: 'POST', body: '__proto__[x]=1', headers: form }),
      ),
      answerOf(
        await fetch(new URL('/sign-out', portal.url), {
          method: 'POST',
          body: '{',
          headers: { 'content-type': 'application/json' },
        }),
      ),
      answerOf(await fetch(new URL('/open', portal.url), { method: 'DELETE' })),
      answerOf(await fetch(new URL('/api/v1/nothing', portal.url))),
    ]);
    for (const { status, body } of pages) {
      expect(status).toBeGreaterThanOrEqual(300);
      expect(status).toBeLessThan(500);
      expect(body).not.toMatch(/\bat .+:\d+:\d+|node_modules|\/work\/|\/dist\/|SELECT |INSERT |sqlite|TypeError|Nest/i);
    }
  });

  it('a full ephemeral store says so kindly, and what others have waiting stays', async () => {
    const environment = {
      SEGL_SEALING_MAX_MAIL_BYTES: '61000',
      SEGL_PORTAL_EPHEMERAL_MAX_BYTES: '165000',
      SEGL_TRUSTED_PROXIES: '127.0.0.1',
    };
    const fields: string[] = [];
    let small = await startProcess({ environment });
    for (;;) {
      fields.push(await newestCarrierField(small.url)); // each start seals a sample of its own
      if (fields.length === 3) break;
      await small.stop();
      small = await startProcess({ environment, dataDir: small.dataDir });
    }
    // From networks of their own: past half of the room, one network alone would be refused sooner.
    const networks = ['192.0.2.1', '198.51.100.1', '203.0.113.1'];
    const [first, second, third] = await Promise.all(
      fields.map((field, index) => new HttpReader(small.url, networks[index]).handIn(field)),
    );
    const answers = [first, second, third].filter((answer) => answer !== undefined);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 303, 503]);
    const refused = answers.find(({ status }) => status === 503);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused?.body).toContain('<h1>');
    for (const { location } of answers.filter(({ status }) => status === 303)) {
      expect((await new HttpReader(small.url).get(location)).status).toBe(200);
    }
    await small.stop();
    await small.cleanUp();
  }, 240_000);

  it.each([
    ['the event store', 'events.sqlite', 'event store'],
    ['the person directory', 'persons.sqlite', 'person directory'],
  ])(
    'while %s cannot be written there is no view and no code; then everything goes on without a restart',
    async (_, file, name) => {
      const reader = new HttpReader(portal.url);
      const { location } = await reader.handIn(carrier);
      const confirm = await reader.signInFor(location);
      const other = new HttpReader(portal.url);
      await other.handIn(carrier);
      const blocker = new DatabaseSync(join(portal.dataDir, file));
      blocker.exec('BEGIN EXCLUSIVE');
      try {
        const isTold = Date.now() + 60_000; // an answer is good for a second
        let ready = await fetch(new URL('/readyz', portal.managementUrl));
        while (ready.status === 200 && Date.now() < isTold)
          ready = await fetch(new URL('/readyz', portal.managementUrl));
        expect(ready.status).toBe(503);
        expect(await ready.text()).toContain(name);
        const refused = await reader.view(location, confirm);
        expect(refused.status).toBe(503);
        expect(refused.body).not.toContain('412,500');
        // Nor a code: somebody else asks for one, and no mail comes.
        const mailsBefore = await mailIdsIn(portal.url);
        expect((await other.asksForACode(location)).status).toBe(503);
        expect(await mailIdsIn(portal.url)).toEqual(mailsBefore);
        expect((await reader.get('/healthz')).status).toBe(200);
      } finally {
        blocker.exec('ROLLBACK');
        blocker.close();
      }
      const deadline = Date.now() + 60_000;
      while ((await fetch(new URL('/readyz', portal.managementUrl))).status !== 200 && Date.now() < deadline);
      const shown = await reader.view(location, await reader.get(location));
      expect(shown.status).toBe(200);
      expect(shown.body).toContain('412,500');
    },
    240_000,
  );

  it('while the read models cannot be written readers read on: it is ready, and says what is not well', async () => {
    const reader = new HttpReader(portal.url);
    const { location } = await reader.handIn(carrier);
    const confirm = await reader.signInFor(location);
    const ready = async () => {
      const answer = await fetch(new URL('/readyz', portal.managementUrl));
      return [answer.status, (await answer.text()).split('\n').find((line) => line.includes('read models'))];
    };
    const blocker = new DatabaseSync(join(portal.dataDir, 'read-models.sqlite'));
    blocker.exec('BEGIN EXCLUSIVE');
    try {
      expect((await reader.view(location, confirm)).body).toContain('412,500'); // what the read models cannot follow
      while ((await ready())[1] === undefined) await new Promise((resume) => setTimeout(resume, 200));
      expect(await ready()).toEqual([200, 'warning: read models: cannot be used; the log says why']);
      while (!portal.output().includes('read models')) await new Promise((resume) => setTimeout(resume, 50));
      expect((await reader.view(location, await reader.get(location))).body).toContain('412,500');
    } finally {
      blocker.exec('ROLLBACK');
      blocker.close();
    }
    while ((await ready())[1] !== undefined) await new Promise((resume) => setTimeout(resume, 200));
  }, 120_000);
});
