import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decryptPersonalData } from '#libs/keyring';
import type { KeyId } from '#libs/keyring';
import { CarrierReader } from '#libs/mail';
import { startSmtpSink } from '#libs/mail/testing';
import type { SmtpSink, SunkMail } from '#libs/mail/testing';
import { openWithIdentity, readSealedHeader } from '#libs/sealing';
import type { Manifest, OpenWithIdentityOptions } from '#libs/sealing';
import { parseMailAddress } from '#libs/vocabulary';
import { openPassingRoom, openPassingStores, outgoingMail } from '../testing/passing-room.ts';
import type { PassingRoom, PassingRoomOptions, PassingStores } from '../testing/passing-room.ts';

let directory: string;
let stores: PassingStores;
let sink: SmtpSink;
let rooms: PassingRoom[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'segl-passing-'));
  stores = await openPassingStores();
  sink = await startSmtpSink();
  rooms = [];
});
afterEach(async () => {
  for (const room of rooms) await room.close();
  await sink.close();
  await stores.close();
  await rm(directory, { recursive: true, force: true });
});

async function room(policy: string | null = null, options: Partial<PassingRoomOptions> = {}): Promise<PassingRoom> {
  const policyFile = policy === null ? null : join(directory, 'policy.yaml');
  if (policyFile !== null) await writeFile(policyFile, policy ?? '');
  const opened = await openPassingRoom(stores, { relayPort: sink.port, policyFile, ...options });
  rooms.push(opened);
  return opened;
}

const MAIL =
  'Received: from pc by mx.example.org; Mon, 30 Nov 2026 10:00:00 +0000\r\n' +
  'From: The Office <office@example.org>\r\nTo: anna@example.com\r\nBcc: secret@example.com\r\nSubject: [secure] Case 7\r\n' +
  'Date: Mon, 30 Nov 2026 10:00:00 +0000\r\nMessage-ID: <7@example.org>\r\nIn-Reply-To: <6@example.com>\r\n\r\nDear Anna\r\n';
const POLICY = `
rules:
  - name: blocked
    when: { recipient: ["@blocked.example"] }
    refuse: not to this domain
  - name: partners
    when: { recipient: ["@partner.example"] }
    pass: true
  - name: named
    when: { recipient: [anna@example.com] }
    seal:
      lifetimeDays: 7
      mayDownload: false
      proof: account
      carrierSubject: original
      carrierText: { en: This is about your case. }
  - name: tagged
    when: { subjectTag: ["[secure]"] }
    seal: true
`;

async function ciphertextOf({ content }: SunkMail): Promise<Buffer> {
  const reader = new CarrierReader();
  return Buffer.concat([reader.push(content), reader.end()]);
}

async function opened(mail: SunkMail) {
  const ciphertext = await ciphertextOf(mail);
  const [epoch] = stores.keyring.sealingEpochs();
  const identity = epoch && stores.keyring.sealingIdentity(epoch.keyId);
  if (!identity) throw new Error('no identity');
  let manifest: Manifest | null = null;
  const parts: Uint8Array[] = [];
  const options: OpenWithIdentityOptions = {
    identities: [identity],
    verifierFor: (keyId) => stores.keyring.manifestVerifier(keyId as KeyId),
    onManifest: (read) => (manifest = read),
  };
  const pieces = async function* () {
    yield ciphertext;
  };
  for await (const part of openWithIdentity(pieces(), options)) parts.push(Buffer.from(part));
  if (manifest === null) throw new Error('no manifest');
  return { mail: Buffer.concat(parts), manifest: manifest as Manifest };
}

async function events() {
  const found = [];
  for await (const event of stores.store.readAll()) found.push(event);
  return found;
}
const typesOf = async () => (await events()).map(({ type }) => type);
const messageIdOf = ({ content }: SunkMail) => /^Segl-Message: (.*)\r$/m.exec(content.toString())?.[1];

describe('a mail that is passed on', () => {
  it('is sealed for each recipient alone, recorded before it leaves, and opens to what came in', async () => {
    const { passOn } = await room(POLICY);
    const answer = await passOn(outgoingMail(MAIL, ['anna@example.com', 'bo@example.net']));
    expect(answer).toMatchObject({ code: 250, enhanced: '2.0.0' });
    expect(sink.mails.map(({ rcptTo }) => rcptTo).sort()).toEqual([['anna@example.com'], ['bo@example.net']]);
    const [annas] = sink.mails.filter(({ rcptTo }) => rcptTo.includes('anna@example.com'));
    const text = annas?.content.toString() ?? '';
    expect(text).toContain('In-Reply-To: <6@example.com>');
    expect(/^Subject: .*/m.exec(text)?.[0]).toBe('Subject: Case 7');
    expect(text).toContain('This is about your case.');
    for (const word of ['secret@example.com', 'Dear Anna', '[secure]']) expect(text.includes(word)).toBe(false);
    const { mail, manifest } = await opened(annas as SunkMail);
    expect(mail.toString()).toBe(MAIL);
    expect(manifest).toMatchObject({ recipient: 'anna@example.com', sender: 'office@example.org', policy: 'named' });
    expect(manifest.terms).toEqual(['account', 'no-download']);
    expect(Date.parse(manifest.expiresAt) - Date.parse(manifest.sealedAt)).toBe(7 * 86_400_000);
    const [bos] = sink.mails.filter(({ rcptTo }) => rcptTo.includes('bo@example.net'));
    expect(bos?.content.toString()).not.toMatch(/Case 7|about your case/);
    const types = await typesOf();
    expect(types.filter((type) => type === 'MessageSealed')).toHaveLength(2);
    expect(types.filter((type) => type === 'CarrierRelayed')).toHaveLength(2);
  });

  it('leaves as it came but for one Received line where policy passes it', async () => {
    const { passOn } = await room(POLICY);
    const odd = MAIL.replace('Dear Anna', '.\r\n..\r\n  trailing  \r\nFrom me\r\n.Dear');
    expect(await passOn(outgoingMail(odd, ['a@partner.example', 'b@partner.example']))).toMatchObject({ code: 250 });
    const [mail, ...more] = sink.mails;
    expect(more).toEqual([]);
    expect(mail?.rcptTo).toEqual(['a@partner.example', 'b@partner.example']);
    const text = mail?.content.toString() ?? '';
    expect(text.endsWith(odd)).toBe(true);
    expect(text.slice(0, -odd.length)).toMatch(
      /^Received: from mx\.example\.org \(\[192\.0\.2\.1\]\)\r\n\tby mail\.example\.org with ESMTPS id [a-z2-7]+;\r\n\t.*\+0000\r\n$/,
    );
    const passed = (await events()).filter(({ type }) => type === 'MailPassedOn');
    expect(passed.map(({ data }) => data)).toEqual([
      expect.objectContaining({ rule: 'partners', clientId: 'mailserver' }),
      expect.objectContaining({ rule: 'partners' }),
    ]);
    expect(JSON.stringify(await events())).not.toMatch(/example\.org|partner\.example|Case 7/);
  });

  it('is refused as the rule says, and nothing leaves', async () => {
    const { passOn } = await room(POLICY);
    const answer = await passOn(outgoingMail(MAIL, ['x@blocked.example']));
    expect(answer).toEqual({ code: 550, enhanced: '5.7.1', words: 'not to this domain' });
    expect(sink.mails).toEqual([]);
    expect(await typesOf()).toEqual(['MailRefused']);
  });

  it('of somebody whom the client may not write as is refused, whatever the envelope says', async () => {
    const { passOn } = await room();
    const forged = MAIL.replace('office@example.org>', 'boss@example.net>');
    expect(await passOn(outgoingMail(forged, ['anna@example.com']))).toMatchObject({ code: 550, enhanced: '5.7.1' });
    const unclear = MAIL.replace('From: The', 'From: b@example.org, The');
    expect(await passOn(outgoingMail(unclear, ['anna@example.com']))).toMatchObject({ code: 550, enhanced: '5.6.0' });
    expect(sink.mails).toEqual([]);
  });

  it('that is for machines, or sealed already, goes as it is', async () => {
    const { passOn } = await room();
    const bounce = 'From: MAILER-DAEMON@mx.example.org\r\nTo: a@example.com\r\nSubject: failed\r\n\r\nSorry\r\n';
    expect(await passOn(outgoingMail(bounce, ['a@example.com'], { mailFrom: null }))).toMatchObject({ code: 250 });
    expect(sink.mails[0]?.content.toString()).toContain('Sorry');
    expect(sink.mails[0]?.mailFrom).toBe('');

    await passOn(outgoingMail(MAIL, ['anna@example.com']));
    const carrier = sink.mails[1]?.content ?? Buffer.alloc(0);
    expect(await passOn(outgoingMail(carrier, ['anna@example.com']))).toMatchObject({ code: 250 });
    expect(sink.mails[2]?.content.toString().endsWith(carrier.toString())).toBe(true);
    const rules = (await events())
      .filter(({ type }) => type === 'MailPassedOn')
      .map(({ data }) => (data as { rule: string }).rule);
    expect(rules).toEqual(['machine-mail', 'sealed-already']);
  });

  it('that has a carrier in it, or only looks like one, is sealed as any other', async () => {
    const { passOn } = await room();
    await passOn(outgoingMail(MAIL, ['anna@example.com']));
    const [sealed] = sink.mails as [SunkMail];
    const carrier = sealed.content.toString('latin1');
    const messageId = messageIdOf(sealed) ?? '';
    const words = 'Her diagnosis is gout.';
    const [head = ''] = MAIL.split('\r\n\r\n');
    const forwarded = `${head}\r\nContent-Type: multipart/mixed; boundary="o"\r\n\r\n--o\r\n\r\n${words}\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n${carrier}\r\n--o--\r\n`;
    const others = [
      forwarded,
      `Segl-Message: ${messageId}\r\n${forwarded}`,
      `${head}\r\nContent-Type: text/html\r\n\r\n<meta name="segl" content="1 ${messageId}">${words}<input name="m" value="${'YWdl'.repeat(99)}">`,
      carrier
        .replaceAll('=_segl_', '=_other_')
        .replace('--=_text_', `--=_text_${messageId}\r\n\r\n${words}\r\n--=_text_`),
      carrier.replaceAll(messageId, 'a'.repeat(32)), // nothing of that name was ever sealed
      carrier.replace(/(?<=[A-Za-z0-9_-]{400})[A-Za-z0-9_-]/, (sign) => (sign === 'A' ? 'B' : 'A')), // and nothing of that digest
    ];
    for (const other of others) {
      expect(await passOn(outgoingMail(Buffer.from(other, 'latin1'), ['anna@example.com']))).toMatchObject({
        code: 250,
      });
      expect(sink.mails.at(-1)?.content.includes(words)).toBe(false);
    }
    expect((await typesOf()).filter((type) => type === 'CarrierRelayed')).toHaveLength(1 + others.length);
    expect(await typesOf()).not.toContain('MailPassedOn');
  });

  it('that some got and others never will is reported to its sender before the answer, without its words', async () => {
    const { passOn } = await room(POLICY);
    const mail = outgoingMail(MAIL, ['a@partner.example', 'x@blocked.example']);
    expect(await passOn(mail)).toMatchObject({ code: 250 });
    const report = sink.mails[1];
    expect(report).toMatchObject({ mailFrom: '', rcptTo: ['office@example.org'] });
    const text = report?.content.toString() ?? '';
    expect(text).toContain('report-type=delivery-status');
    expect(text).toContain('Final-Recipient: rfc822; x@blocked.example\r\nAction: failed\r\nStatus: 5.7.1\r\n');
    expect(text).toContain('In-Reply-To: <7@example.org>');
    expect(text).not.toMatch(/Case 7|Dear Anna|secret@example/);
    expect(await passOn(mail)).toMatchObject({ code: 250 }); // the answer was lost: nothing is sent again
    expect(sink.mails).toHaveLength(2);
  });
});

describe('a mail that is tried again', () => {
  const tooLate = (port: number) => startSmtpSink({}, port);

  it('reaches nobody twice, and those who were missing at last', async () => {
    let isFull = true;
    await sink.close();
    sink = await startSmtpSink({
      onRcptTo: ({ address }, _session, done) => {
        const error = Object.assign(new Error('4.2.2 mailbox full'), { responseCode: 452 });
        done(isFull && address === 'bo@example.net' ? error : null);
      },
    });
    const { passOn } = await room();
    const mail = outgoingMail(MAIL, ['anna@example.com', 'bo@example.net', 'cy@example.net']);
    expect(await passOn(mail)).toMatchObject({ code: 452, enhanced: '4.2.2' });
    isFull = false;
    const moved = outgoingMail(`Received: by another hop\r\n${MAIL}`, [
      'anna@example.com',
      'bo@example.net',
      'cy@example.net',
    ]);
    expect(await passOn(moved)).toMatchObject({ code: 250 });
    expect(sink.mails.map(({ rcptTo }) => rcptTo[0]).sort()).toEqual([
      'anna@example.com',
      'bo@example.net',
      'cy@example.net',
    ]);
    expect(await passOn(mail)).toMatchObject({ code: 250 });
    expect(sink.mails).toHaveLength(3);
    const other = outgoingMail(MAIL.replace('Dear', 'Dearest'), ['anna@example.com']);
    expect(await passOn(other)).toMatchObject({ code: 250 });
    expect(sink.mails).toHaveLength(4); // the same Message-ID, and another mail
  });

  it('is the same message where the answer of the next hop was lost, in its bytes too', async () => {
    await sink.close();
    let isLosing = true;
    const kept: Buffer[] = [];
    sink = await startSmtpSink({
      onData(stream, _session, done) {
        const pieces: Buffer[] = [];
        stream.on('data', (piece: Buffer) => pieces.push(piece));
        stream.on('end', () => {
          kept.push(Buffer.concat(pieces));
          if (isLosing) sink.dropConnections();
          else done();
        });
      },
    });
    const { passOn } = await room();
    const mail = outgoingMail(MAIL, ['anna@example.com']);
    expect(await passOn(mail)).toMatchObject({ code: 451 });
    isLosing = false;
    expect(await passOn(outgoingMail(`Received: by another hop\r\n${MAIL}`, ['anna@example.com']))).toMatchObject({
      code: 250,
    });
    expect(kept).toHaveLength(2);
    const sunk = kept.map((content): SunkMail => ({ mailFrom: '', rcptTo: [], content, secure: false, user: null }));
    expect(messageIdOf(sunk[0] as SunkMail)).toMatch(/^[a-z2-7]{32}$/);
    expect(messageIdOf(sunk[1] as SunkMail)).toBe(messageIdOf(sunk[0] as SunkMail));
    const [first, second] = await Promise.all(sunk.map(ciphertextOf));
    expect(second?.equals(first ?? Buffer.alloc(0))).toBe(true);
    expect((await typesOf()).filter((type) => type === 'MessageSealed')).toHaveLength(1);
  });

  it('waits while another gateway has it, and is never sent by two at once', async () => {
    await sink.close();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let begun = 0;
    sink = await startSmtpSink({
      onData(stream, _session, done) {
        begun++;
        stream.resume();
        stream.on('end', () => void held.then(() => done()));
      },
    });
    const [one, other] = [await room(), await room()];
    const mail = outgoingMail(MAIL, ['anna@example.com']);
    const first = one.passOn(mail);
    while (begun === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await other.passOn(mail)).toMatchObject({ code: 451, words: expect.stringContaining('being sent') });
    release();
    expect(await first).toMatchObject({ code: 250 });
    expect(await other.passOn(mail)).toMatchObject({ code: 250 });
    expect(begun).toBe(1);
  });

  it('goes out in clear for no failure: the store is away before the seal is recorded, the next hop has nothing', async () => {
    let isAway = true;
    const { passOn, faults } = await room(null, {
      wrapStore: (store) =>
        new Proxy(store, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name);
            if (name !== 'append' || typeof value !== 'function')
              return typeof value === 'function' ? value.bind(target) : value;
            return (stream: string, ...rest: unknown[]) => {
              if (isAway && stream.startsWith('message-'))
                throw Object.assign(new Error('away'), { code: 'event-store-unavailable' });
              return (value as (...args: unknown[]) => unknown).call(target, stream, ...rest);
            };
          },
        }),
    });
    const mail = outgoingMail(MAIL, ['anna@example.com']);
    expect(await passOn(mail)).toMatchObject({ code: 451 });
    expect(sink.mails).toEqual([]);
    expect(faults).not.toEqual([]);
    isAway = false;
    expect(await passOn(mail)).toMatchObject({ code: 250 });
    expect(sink.mails).toHaveLength(1);
  });

  it('is answered 4yz while nobody listens at the next hop, and at once after', async () => {
    const { port } = sink;
    await sink.close();
    const { passOn } = await room(null, { relayPort: port });
    const mail = outgoingMail(MAIL, ['anna@example.com', 'bo@example.org']);
    for (let tries = 0; tries < 3; tries++) expect(await passOn(mail)).toMatchObject({ code: 451, enhanced: '4.4.1' });
    expect(await typesOf()).toEqual([]); // a day of tries leaves nothing in the record
    sink = await tooLate(port);
    expect(await passOn(mail)).toMatchObject({ code: 250 });
    expect(sink.mails).toHaveLength(2);
  });
});

it('records the subject and the persons so that an officer can read them, and nobody else', async () => {
  const { passOn } = await room(null, { settings: { recordMailSubject: true } });
  await passOn(outgoingMail(MAIL, ['anna@example.com']));
  const sealed = (await events()).find(({ type }) => type === 'MessageSealed');
  const data = sealed?.data as { recipientId: never; mailSubject: never };
  const person = await stores.persons.findOrCreate(parseMailAddress('anna@example.com'));
  expect(decryptPersonalData(person, sealed?.id as never, 'mailSubject', data.mailSubject)).toBe('[secure] Case 7');
  expect(readSealedHeader(await ciphertextOf(sink.mails[0] as SunkMail)).status).toBe('header');
});
