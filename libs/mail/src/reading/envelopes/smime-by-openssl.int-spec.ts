import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MailReader } from '../mail-reader.ts';
import { READING_LIMITS } from '../reading-limits.ts';
import { readMail } from '../read-mail.ts';
import type { Explanation } from './explanation.ts';
import { isVouchedFor } from './smime-trust.ts';

const LETTER = 'Content-Type: text/plain; charset=utf-8\r\n\r\nWe meet at nine.\r\n';

/** Signers, certificates and signatures by OpenSSL, which shares no code with what reads them here. */
describe('mails that OpenSSL signed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'segl-smime-'));
  const at = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const pem = (name: string): string => readFileSync(at(`${name}.pem`), 'latin1');

  function certificate(name: string, issuer: string | null, extensions: string): void {
    writeFileSync(at(`${name}.ext`), extensions);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    openssl('req', '-new', ...key, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
    const by = issuer === null ? ['-signkey', `${name}.key`] : ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`];
    const serial = ['-set_serial', `0x${Buffer.from(name).toString('hex')}`];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...by,
      ...serial,
      '-days',
      '30',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
  }

  function signed(signer: string, ...options: string[]): string {
    writeFileSync(at('letter.txt'), LETTER);
    writeFileSync(at('along.pem'), pem('between') + (signer === 'anna' ? '' : pem('anna')));
    const who = ['-signer', `${signer}.pem`, '-inkey', `${signer}.key`, '-certfile', 'along.pem'];
    const mail = openssl('cms', '-sign', '-in', 'letter.txt', '-binary', '-md', 'sha256', ...who, ...options);
    return `From: anna@example.org\r\n${mail.toString('latin1')}`;
  }

  beforeAll(() => {
    const authority = 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign';
    const person = 'basicConstraints=CA:FALSE\nsubjectAltName=email:anna@example.org\nextendedKeyUsage=';
    certificate('root', null, authority);
    certificate('other', null, authority);
    certificate('between', 'root', authority);
    certificate('anna', 'between', `${person}emailProtection`);
    certificate('server', 'between', `${person}serverAuth`);
    certificate('eve', 'anna', `${person}emailProtection`); // by somebody who is no authority
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  function explanationOf(mail: string, ...authorities: string[]): Explanation | undefined {
    const silent = { parsed: () => {}, sanitising: () => {} };
    return readMail(Buffer.from(mail, 'latin1'), READING_LIMITS, silent, authorities.map(pem)).explanations[0];
  }
  const right = { kind: 'smime-signed', signature: 'valid', addresses: ['anna@example.org'], issuer: 'between' };

  it.each<[string, string[]]>([
    ['beside the content', []],
    ['around the content', ['-nodetach']],
  ])('are valid with the signature %s, and trusted where an authority is named', (_where, options) => {
    const mail = signed('anna', ...options);
    expect(explanationOf(mail, 'other', 'root')).toMatchObject({ ...right, signer: 'anna', isTrusted: true });
    expect(explanationOf(mail, 'other')).toMatchObject({ ...right, isTrusted: false });
    expect(explanationOf(mail)).toMatchObject({ ...right, isTrusted: false });
  });

  it('are trusted in the thread that reads them', async () => {
    const reader = new MailReader({ workers: 1 }, [pem('root')]);
    const { explanations, text } = await reader.read(Buffer.from(signed('anna'), 'latin1'));
    await reader.close();
    expect(explanations).toMatchObject([{ ...right, isTrusted: true }]);
    expect(text).toBe('We meet at nine.');
  });

  it('are valid whatever a relay made of their line ends', () => {
    expect(explanationOf(signed('anna').replaceAll('\r\n', '\n'), 'root')).toMatchObject({ ...right, isTrusted: true });
  });

  it('are not valid with another word in them, and trusted by nobody then', () => {
    const changed = signed('anna').replace('at nine', 'at ten!');
    expect(explanationOf(changed, 'root')).toMatchObject({ signature: 'invalid', isTrusted: false });
  });

  it('are not trusted by a certificate for something else, or by somebody who is no authority', () => {
    expect(explanationOf(signed('server'), 'root')).toMatchObject({ signature: 'valid', isTrusted: false });
    const byEve = signed('eve');
    expect(explanationOf(byEve, 'root')).toMatchObject({ signature: 'valid', isTrusted: false });
  });

  it('are not trusted out of time', () => {
    const der = (name: string): Buffer => openssl('x509', '-in', `${name}.pem`, '-outform', 'DER');
    const day = 86_400_000;
    const isTrusted = (days: number): boolean =>
      isVouchedFor(der('anna'), [der('between')], [pem('root')], Date.now() + days * day);
    expect([-2, 1, 29, 31].map(isTrusted)).toEqual([false, true, true, false]);
  });
});
