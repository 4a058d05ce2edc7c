import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import { Program } from './program.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const mail =
  'From: mette@nordlys.example\r\nTo: anna@example.com\r\nSubject: Journal\r\n\r\nThe findings are good.\r\n';

describe('a message that a program seals under terms', () => {
  let directory: string;
  let portal: RunningProcess;
  let program: Program;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-terms-'));
    program = await Program.in(directory, ['@nordlys.example']);
    await writeFile(join(directory, 'segl.yaml'), program.yaml);
    portal = await startProcess({
      dataDir: join(directory, 'data'),
      environment: { SEGL_CONFIG: join(directory, 'segl.yaml') },
    });
  }, 120_000);
  afterAll(async () => {
    await portal.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function ask(path: string, method: string, headers: Record<string, string> = {}, body?: string) {
    return fetch(new URL(path, portal.url), {
      method,
      headers: { authorization: await program.authorization(portal.url), connection: 'close', ...headers },
      ...(body !== undefined && { body }),
    });
  }

  /** @returns where the message waits after it was handed in */
  async function sealedAndHandedIn(reader: HttpReader, terms: string, to = 'anna@example.com'): Promise<string> {
    const asked = { 'segl-sender': 'mette@nordlys.example', 'segl-recipient': to, 'segl-deliver': 'false' };
    const headers = { ...asked, 'segl-terms': terms, 'content-type': 'message/rfc822' };
    const sealed = await ask('/api/v1/messages', 'POST', headers, mail);
    expect(sealed.status).toBe(201);
    return (await reader.handIn(carrierFieldOf(await sealed.text()))).location;
  }

  it('is shown on its page and leaves it neither as a file nor on paper; its sender learns when, and takes it back', async () => {
    const reader = new HttpReader(portal.url);
    const location = await sealedAndHandedIn(reader, 'no-download');
    const confirm = await reader.signInFor(location);
    const shown = await reader.view(location, confirm);
    expect([shown.status, shown.body]).toEqual([200, expect.stringContaining('The findings are good.')]);
    expect(shown.body).toContain('This message cannot be saved or printed');
    for (const path of ['original', 'print', 'attachments/1', 'attachments']) {
      const refused = await reader.submit(shown, `${location}/${path}`, { files: '1' });
      expect([path, refused.status]).toEqual([path, 403]);
      expect(refused.body).not.toContain('findings');
    }

    const standing = `/api/v1/messages/${location.split('/').at(-1)}`;
    expect(await (await ask(standing, 'GET')).json()).toMatchObject({
      terms: ['no-download'],
      delivery: 'handed-out',
      state: 'open',
      firstViewedAt: expect.any(String),
    });
    const revoked = await ask(standing, 'DELETE', { 'segl-reason': 'wrong journal' });
    expect(await revoked.json()).toMatchObject({ state: 'revoked' });
    expect((await reader.submit(shown, `${location}/view`)).status).toBe(404);
  });

  it('is not shown for a code where it asks for an account, however the reader came by one', async () => {
    const reader = new HttpReader(portal.url);
    const free = await sealedAndHandedIn(reader, '', 'bo@example.com');
    const location = await sealedAndHandedIn(reader, 'account', 'bo@example.com');
    const before = await reader.get(location);
    expect(before.body).toContain('A code sent by email is not enough for this message');
    const page = await reader.signInPage(location);
    expect(page.body).toContain('A code sent by email is not enough for this message');
    expect(page.body).not.toContain('/code"');
    const withForm = await reader.get(free);
    const forced = await reader.submit(withForm, `${new URL(page.at).pathname}/code`);
    expect([forced.status, forced.body]).toEqual([403, expect.stringContaining('You cannot get a code here')]);

    const confirm = await reader.signInFor(free); // the same address, proven by a code, for another message
    expect((await reader.view(free, confirm)).body).toContain('The findings are good.');
    const refused = await reader.submit(confirm, `${location}/view`);
    expect([refused.status, new URL(refused.location, portal.url).pathname]).toEqual([303, location]);
    expect((await reader.get(location)).body).toContain('You confirmed your address with a code.');
  });
});
