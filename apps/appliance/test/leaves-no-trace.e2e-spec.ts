import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { codeIn, HttpReader, mailIdsIn, newestCarrierField } from './http-reader.ts';
import { Program } from './program.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

/** Words that stand nowhere else, in every part of a mail and of a journey that must not be kept. */
const mark = randomBytes(8).toString('hex');
const body = `body${mark}`;
const mailSubject = `subject${mark}`;
const attachment = `attachment${mark}`;
const recipient = `reader${mark}@example.com`;
const sender = `writer${mark}@nordlys.example`;

const mail = [
  `From: <${sender}>`,
  `To: <${recipient}>`,
  `Subject: ${mailSubject}`,
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain',
  '',
  body,
  '--b',
  'Content-Type: text/plain; name=a.txt',
  'Content-Disposition: attachment; filename=a.txt',
  '',
  attachment,
  '--b--',
  '',
].join('\r\n');

describe('after a whole story', () => {
  let portal: RunningProcess;
  let program: Program;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-trace-'));
    program = await Program.in(directory, ['@nordlys.example']);
    await writeFile(join(directory, 'segl.yaml'), `logLevel: debug\nsealing:\n  recordSubject: true\n${program.yaml}`);
    // Whatever a library might put aside for a moment would land here, and is searched like the data.
    const scratch = join(directory, 'scratch');
    await mkdir(scratch);
    portal = await startProcess({
      dataDir: join(directory, 'data'),
      environment: { SEGL_CONFIG: join(directory, 'segl.yaml'), TMPDIR: scratch, HOME: scratch },
    });
  }, 60_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('neither body, subject, attachment, addresses, code nor token stand anywhere in files or logs', async () => {
    const token = await program.accessToken(portal.url);
    const query = new URLSearchParams({ from: sender, to: recipient });
    const sealed = await fetch(new URL(`/api/v1/messages?${query}`, portal.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'message/rfc822', 'idempotency-key': 'once' },
      body: mail,
    });
    expect(sealed.status).toBe(201);

    const reader = new HttpReader(portal.url);
    const { location } = await reader.handIn(await newestCarrierField(portal.url));
    const confirm = await reader.signInFor(location);
    const shown = await reader.view(location, confirm);
    expect(shown.body).toContain(body);
    expect(shown.body).toContain(mailSubject);
    const [download = ''] = /\/m\/[a-z2-7]+\/attachments\/\d+/.exec(shown.body) ?? [];
    expect((await reader.submit(shown, download)).body).toContain(attachment);
    expect((await reader.submit(shown, `${location}/original`)).body).toContain(body);
    expect((await reader.submit(shown, `${location}/print`)).body).toContain(body);
    const mails = await Promise.all((await mailIdsIn(portal.url)).map((mailId) => codeIn(portal.url, mailId)));
    const codes = mails.filter((code) => code !== null);
    expect(codes).toHaveLength(1);

    const markers = [
      body,
      mailSubject,
      attachment,
      recipient,
      sender,
      token,
      ...codes,
      ...codes.map((code) => code.replace(' ', '')),
    ];
    const look = async (when: string) => {
      expect(await readdir(join(directory, 'scratch'))).toEqual([]);
      for (const file of await readdir(join(directory, 'data'), { recursive: true, withFileTypes: true })) {
        if (!file.isFile()) continue;
        const path = join(file.parentPath, file.name);
        const bytes = await readFile(path);
        for (const marker of markers)
          expect([when, path, marker, bytes.includes(marker)]).toEqual([when, path, marker, false]);
        for (const marker of [body, mailSubject, recipient].map((text) =>
          Buffer.from(text).toString('base64').slice(4, -4),
        )) {
          expect([when, path, marker, bytes.includes(marker)]).toEqual([when, path, marker, false]);
        }
      }
      for (const marker of markers)
        expect([when, marker, portal.output().includes(marker)]).toEqual([when, marker, false]);
    };
    await look('while it runs');
    await portal.stop();
    await look('after it stopped');
  }, 60_000);
});
