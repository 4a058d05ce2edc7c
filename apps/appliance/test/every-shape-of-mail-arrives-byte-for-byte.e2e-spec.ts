import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MailHeader } from '#libs/mail';
import { mailShapes } from '#libs/mail/testing';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import { Program } from './program.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

/**
 * All that name one author: of two From fields none is the author, and such a mail is refused (libs/gateway), as is one without a
 * header, or cut off within it.
 */
const shapes = mailShapes().filter(({ name, bytes }) => {
  const { isOfMail, isEnded } = MailHeader.of(bytes);
  return name !== 'duplicated-headers' && isOfMail && isEnded;
});
/** A client may write only as whom it was given; here it is everybody that any of the mails names. */
const domains = new Set(
  shapes.flatMap(({ bytes }) => bytes.toString('latin1').match(/@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?/g) ?? []),
);

describe('every shape of mail, sealed by the API and opened in the portal', () => {
  let directory: string;
  let portal: RunningProcess;
  let program: Program;
  let reader: HttpReader;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-shapes-'));
    program = await Program.in(directory, ['@nordlys.example', ...domains]);
    await writeFile(join(directory, 'segl.yaml'), program.yaml);
    portal = await startProcess({
      dataDir: join(directory, 'data'),
      environment: { SEGL_CONFIG: join(directory, 'segl.yaml') },
    });
    reader = new HttpReader(portal.url);
  }, 60_000);
  afterAll(async () => {
    await portal.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function seal(mail: Buffer): Promise<Response> {
    return fetch(new URL('/api/v1/messages', portal.url), {
      method: 'POST',
      headers: {
        authorization: await program.authorization(portal.url),
        'content-type': 'message/rfc822',
        'segl-sender': 'mette@nordlys.example',
        'segl-recipient': 'anna@example.com',
        'segl-deliver': 'false',
      },
      body: new Uint8Array(mail),
    });
  }

  it('there are at least forty of them', () => expect(shapes.length).toBeGreaterThanOrEqual(40));

  it('each is shown, and comes back out as it went in', async () => {
    let isSignedIn = false;
    for (const { name, bytes } of shapes) {
      const sealed = await seal(bytes);
      const carrier = await sealed.text();
      expect([name, sealed.status]).toEqual([name, 201]);
      const { location } = await reader.handIn(carrierFieldOf(carrier));
      // Signed in once, the reader opens further messages to that address with the confirming click alone.
      const confirm = isSignedIn ? await reader.get(location) : await reader.signInFor(location);
      isSignedIn = true;
      const shown = await reader.view(location, confirm);
      expect([name, shown.status]).toEqual([name, 200]);
      const original = await reader.download(confirm, `${location}/original`);
      expect([name, original.equals(bytes)]).toEqual([name, true]);
    }
  }, 300_000);
});
