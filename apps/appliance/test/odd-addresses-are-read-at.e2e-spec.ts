import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SmtpRelay } from '#libs/mail';
import type { SunkMail } from '#libs/mail/testing';
import { parseMailAddress } from '#libs/vocabulary';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import { Installation, mailFrom } from './installation.ts';

const DOTS = '"a..b."@docomo.ne.jp';
const ASE = 'åse@blåbær.example';
const mail = `From: Kontoret <kontør@nordlys.example>\r\nTo: a..b.@docomo.ne.jp, ${ASE}\r\nSubject: x\r\n\r\nThe findings are good.\r\n`;

describe('a mail to a docomo mailbox and to a mailbox with a name beyond ASCII', () => {
  let here: Installation;
  let mailServer: SmtpRelay;

  beforeAll(async () => {
    here = await Installation.start({ settings: ({ smtpPort }) => ({ smtp: mailFrom('127.0.0.1', smtpPort) }) });
    mailServer = new SmtpRelay(`smtp://127.0.0.1:${here.smtpPort}`);
  }, 240_000);
  afterAll(async () => {
    await mailServer?.close();
    await here?.end();
  });

  const textTo = async (address: string, isMeant: (mail: SunkMail) => boolean) =>
    (await here.mailTo(address, isMeant)).content.toString();

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
      const carrier = await textTo(address, ({ mailFrom }) => mailFrom !== '');
      expect(carrier).toMatch(
        /^From: Kontoret <kontør@nordlys\.example>\r\nTo: "a\.\.b\."@docomo\.ne\.jp, åse@xn--blbr-roah/,
      );
      expect(carrier).not.toContain('findings');
      const reader = new HttpReader(here.url);
      const location = (await reader.handIn(carrierFieldOf(carrier))).location;
      const asked = await reader.asksForACode(location);
      const enter = await reader.get(asked.location);
      const codeMail = await textTo(address, ({ mailFrom }) => mailFrom === '');
      const [, code = ''] = /^ {4}(\d{4} \d{4})\r?$/m.exec(codeMail) ?? [];
      const confirm = await reader.follow(await reader.submit(enter, asked.location, { code }));
      expect((await reader.view(location, confirm)).body).toContain('The findings are good.');
    }

    const viewsBy = async (written: string): Promise<unknown[]> => {
      const found = JSON.parse(await here.segl('audit', 'query', '--reader', written, '--json')) as {
        rows: { type: string }[];
      };
      return found.rows.filter(({ type }) => type === 'MessageViewed');
    };
    for (const written of [DOTS, 'A..B.@docomo.ne.jp', ASE, ASE.normalize('NFD'), 'Åse@xn--blbr-roah.example'])
      expect([written, await viewsBy(written)]).toEqual([written, [expect.anything()]]);
  }, 240_000);
});
