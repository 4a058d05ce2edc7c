import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readSettings } from '../settings/config.ts';
import type { Settings } from '../settings/settings.ts';
import type { CheckedParts } from './check.ts';
import { checksFor } from './checks.ts';

const place = mkdtempSync(join(tmpdir(), 'segl-mail-coming-in-'));
afterAll(() => rmSync(place, { recursive: true }));

function settingsWith(smtp: object): Settings {
  const read = readSettings({}, { demonstration: true });
  const client = { clientId: 'x', networks: ['127.0.0.1'], senders: ['@x.example'] };
  const known = { ...client, certificateNames: [], certificateFingerprints: [] };
  return { ...read, smtp: { ...read.smtp, clients: [known], ...smtp } };
}
function check(part: string, settings: Settings, isListening = true): Promise<string> {
  const found = checksFor('readiness', settings).find((each) => each.part === part);
  if (found === undefined) return Promise.resolve('not looked at');
  return found.run({ settings, isListeningForMail: () => isListening } as unknown as CheckedParts);
}

describe('mail coming in', () => {
  it('is looked at where the settings name clients', async () => {
    expect(await check('mail coming in', settingsWith({ clients: [] }))).toBe('not looked at');
    expect(await check('mail coming in', settingsWith({}))).toBe('listens');
    await expect(check('mail coming in', settingsWith({}), false)).rejects.toThrow('no mail can come in');
  });

  (existsSync('/usr/bin/openssl') ? it : it.skip)('warns before its certificate ends', async () => {
    const part = 'certificate of mail coming in';
    const certificate = (days: number) => {
      const [certificateFile, privateKeyFile] = [join(place, `${days}.pem`), join(place, `${days}.key`)];
      const asked = [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-subj',
        '/CN=x',
      ];
      const files = ['-days', `${days}`, '-out', certificateFile, '-keyout', privateKeyFile];
      expect(spawnSync('openssl', [...asked, ...files]).status).toBe(0);
      return { certificateFile, privateKeyFile };
    };
    const [long, short] = [certificate(15), certificate(13)];
    expect(await check(part, settingsWith({}))).toBe('not looked at');
    expect(await check(part, settingsWith(long))).toMatch(/^until \d{4}-/);
    await expect(check(part, settingsWith(short))).rejects.toThrow(/the certificate ends at \d{4}-/);
    await expect(check(part, settingsWith({ ...long, privateKeyFile: short.privateKeyFile }))).rejects.toThrow(
      /is not the key of the certificate/,
    );
  });
});
