import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SmtpRelay } from '#libs/mail';
import { startSmtpSink } from '#libs/mail/testing';
import type { SmtpSink, SunkMail } from '#libs/mail/testing';
import { parseMailAddress } from '#libs/vocabulary';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import { dist, ensureBuilt, freePort, startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const DOTS = '"a..b."@docomo.ne.jp';
const ASE = 'åse@blåbær.example';
const mail = `From: Kontoret <kontør@nordlys.example>\r\nTo: a..b.@docomo.ne.jp, ${ASE}\r\nSubject: x\r\n\r\nThe findings are good.\r\n`;

describe('a mail to a docomo mailbox and to a mailbox with a name beyond ASCII', () => {
  let directory: string;
  let world: SmtpSink;
  let gateway: RunningProcess;
  let mailServer: SmtpRelay;

  beforeAll(async () => {
    ensureBuilt();
    directory = await mkdtemp(join(tmpdir(), 'segl-odd-'));
    world = await startSmtpSink();
    const [httpPort, smtpPort] = [await freePort(), await freePort()];
    mailServer = new SmtpRelay(`smtp://127.0.0.1:${smtpPort}`);
    const settings = {
      publicUrl: `http://localhost:${httpPort}`,
      httpHost: '127.0.0.1',
      httpPort,
      dataDir: join(directory, 'data'),
      keyring: join(directory, 'keyring'),
      relayUrl: `smtp://127.0.0.1:${world.port}`,
      organisation: {
        name: 'Nordlys Advokater',
        postalAddress: 'Havnegade 1, 1058 København K',
        contactMail: 'office@nordlys.example',
        timeZone: 'Europe/Copenhagen',
      },
      passcode: { sender: 'no-reply@nordlys.example' },
      smtp: {
        host: '127.0.0.1',
        port: smtpPort,
        clients: [{ clientId: 'mailserver', networks: ['127.0.0.1'], senders: ['@nordlys.example'] }],
      },
    };
    await writeFile(join(directory, 'segl.yaml'), JSON.stringify(settings)); // which is YAML
    segl('keys', 'init');
    gateway = await startProcess({
      arguments: [],
      dataDir: settings.dataDir,
      port: httpPort,
      environment: { SEGL_CONFIG: join(directory, 'segl.yaml') },
    });
  }, 240_000);
  afterAll(async () => {
    await mailServer?.close();
    await gateway?.stop();
    await world?.close();
    await rm(directory, { recursive: true, force: true });
  });

  function segl(...command: string[]): string {
    const main = join(dist, 'apps', 'operator', 'main.js');
    const environment = { PATH: process.env['PATH'] ?? '', SEGL_CONFIG: join(directory, 'segl.yaml') };
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...command], { env: environment });
    expect([status, stderr.toString()]).toEqual([0, expect.any(String)]);
    return stdout.toString();
  }

  async function mailTo(address: string, isMeant: (mail: SunkMail) => boolean): Promise<string> {
    for (let look = 0; look < 400; look++) {
      const found = world.mails.find((each) => each.rcptTo.includes(address) && isMeant(each));
      if (found !== undefined) return found.content.toString();
      await new Promise((resume) => setTimeout(resume, 50));
    }
    throw new Error('the mail never came');
  }

  it('is sealed for each, who proves the address with a code and reads it; both are one person however written', async () => {
    const outcomes = await mailServer.sendToAll({
      mailFrom: parseMailAddress('kontør@nordlys.example'),
      recipients: [parseMailAddress(DOTS), parseMailAddress(ASE)],
      content: Buffer.from(mail),
      smtpUtf8: true,
      eightBit: true,
      kind: 'passed',
    });
    expect(outcomes).toMatchObject([{ status: 'taken' }, { status: 'taken' }]);
    for (const address of [DOTS, ASE]) {
      const carrier = await mailTo(address, ({ mailFrom }) => mailFrom !== '');
      expect(carrier).toMatch(
        /^From: Kontoret <kontør@nordlys\.example>\r\nTo: "a\.\.b\."@docomo\.ne\.jp, åse@xn--blbr-roah/,
      );
      expect(carrier).not.toContain('findings');
      const reader = new HttpReader(gateway.url);
      const location = (await reader.handIn(carrierFieldOf(carrier))).location;
      const asked = await reader.asksForACode(location);
      const enter = await reader.get(asked.location);
      const codeMail = await mailTo(address, ({ mailFrom }) => mailFrom === '');
      const [, code = ''] = /^ {4}(\d{4} \d{4})\r?$/m.exec(codeMail) ?? [];
      const confirm = await reader.follow(await reader.submit(enter, asked.location, { code }));
      expect((await reader.view(location, confirm)).body).toContain('The findings are good.');
    }

    const viewsBy = (written: string): unknown[] => {
      const found = JSON.parse(segl('audit', 'query', '--reader', written, '--json')) as {
        rows: { type: string }[];
      };
      return found.rows.filter(({ type }) => type === 'MessageViewed');
    };
    for (const written of [DOTS, 'A..B.@docomo.ne.jp', ASE, ASE.normalize('NFD'), 'Åse@xn--blbr-roah.example'])
      expect([written, viewsBy(written)]).toEqual([written, [expect.anything()]]);
  }, 240_000);
});
