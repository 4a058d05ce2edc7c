import { afterEach, describe, expect, it } from '@jest/globals';
import type { CommandBus } from '@nestjs/cqrs';
import type { SMTPServerOptions } from 'smtp-server';
import { startSmtpSink } from '#libs/mail/testing';
import { MailRelay } from '#libs/mail';
import { Clock, parseMailAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { BounceAddresses } from '../bounce-addresses.ts';
import type { StoredMail } from '../outgoing-mail.ts';
import { askToSeal } from '../testing/sealing-api-client.ts';
import type { Answer } from '../testing/sealing-api-client.ts';
import { openSubmissionRoom } from '../testing/submission-room.ts';
import { bounceStream } from '../bounce-events.ts';
import { MAX_BOUNCES_RECORDED } from './bounces.ts';
import { CarrierBounces } from './carrier-bounces.ts';
import { ReceiveBounceHandler } from './receive-bounce.ts';
import type { ReceiveBounce } from './receive-bounce.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const inMemory = (text: string): StoredMail => ({
  bytes: Buffer.byteLength(text, 'latin1'),
  async *content() {
    yield Buffer.from(text, 'latin1');
  },
  release: async () => undefined,
});

const report = (status = '5.1.1', words = 'nobody here') =>
  inMemory(
    [
      'From: MAILER-DAEMON@example.com',
      'To: bounces@mail.example.org',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      '',
      words,
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example.com',
      '',
      'Final-Recipient: rfc822; anna@example.com',
      'Action: failed',
      `Status: ${status}`,
      '--b--',
      '',
    ].join('\r\n'),
  );
const outOfOffice = inMemory('From: Anna <anna@example.com>\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday\r\n');

/** One carrier sent, and the mailbox that its bounces come to; the sink is the next hop of both. */
async function sentCarrier(sinkOptions: SMTPServerOptions = {}) {
  const sink = await startSmtpSink(sinkOptions);
  cleanups.push(() => sink.close());
  let keys: () => readonly Uint8Array[] = () => [];
  const addresses = new BounceAddresses(parseMailAddress('bounces@mail.example.org'), () => keys());
  const room = await openSubmissionRoom({
    relayPort: sink.port,
    settings: { senderOfCarrier: (messageId, author) => addresses.senderOf(messageId, author) },
  });
  cleanups.push(() => room.close());
  keys = () => room.keyring.bounceKeys().map(({ bytes }) => bytes);
  const answer = (await (await askToSeal(room, { to: ['anna@example.com'] })).json()) as Answer;
  const messageId = answer.messages[0]?.messageId as MessageId;
  const carrier = sink.mails[0];
  if (carrier === undefined) throw new Error('no carrier came');
  const handler = new ReceiveBounceHandler(room.store, room.persons, room.app.get(MailRelay), room.app.get(Clock));
  const commands = { execute: (command: ReceiveBounce) => handler.execute(command) } as CommandBus;
  const mailbox = new CarrierBounces(addresses, commands);
  const address = carrier.mailFrom;
  return {
    room,
    messageId,
    carrier,
    mailbox,
    address,
    receive: (mail: StoredMail) => mailbox.receive(mail, address, new AbortController().signal),
    recorded: () => Array.fromAsync(room.store.readStream(bounceStream(messageId))),
    sentOn: () => sink.mails.slice(1),
  };
}

describe('a bounce of a carrier', () => {
  it('comes to an address that names its message, is recorded without a word of it, and reaches who wrote', async () => {
    const { mailbox, address, carrier, receive, recorded, sentOn, messageId } = await sentCarrier();
    expect(address).toMatch(/^bounces\+[a-z2-7]{48}@mail\.example\.org$/);
    expect(carrier.content.toString()).toMatch(/^From: .*office@example\.org/m); // SPF by the one, DMARC by the other
    expect(mailbox.isBounceAddress(address)).toBe(true);
    const mail = report('5.1.1', 'Anna is not at anna@example.com');
    expect(await receive(mail)).toMatchObject({ code: 250 });
    const events = await recorded();
    expect(events).toMatchObject([
      { type: 'CarrierBounced', data: { messageId, reason: 'no-such-mailbox', status: '5.1.1' } },
    ]);
    expect(JSON.stringify(events[0]?.data)).not.toMatch(/@|Anna/);
    expect(sentOn()).toMatchObject([{ mailFrom: '', rcptTo: ['office@example.org'] }]);
    expect(sentOn()[0]?.content.toString()).toContain('Anna is not at anna@example.com');
  });

  it('counts once, and a few times in all, whatever more is sent', async () => {
    const { receive, recorded, sentOn } = await sentCarrier();
    for (let time = 0; time < 3; time++) expect(await receive(report())).toMatchObject({ code: 250 });
    expect(await recorded()).toHaveLength(1);
    for (let time = 0; time < 9; time++) await receive(report('5.2.2', `another ${time}`));
    expect(await recorded()).toHaveLength(MAX_BOUNCES_RECORDED);
    expect(sentOn()).toHaveLength(MAX_BOUNCES_RECORDED);
  });

  it('is nothing that failed where a machine answers: it reaches who wrote, a few times', async () => {
    const { receive, recorded, sentOn } = await sentCarrier();
    for (let time = 0; time < 9; time++) expect(await receive(outOfOffice)).toMatchObject({ code: 250 });
    expect(await recorded()).toEqual([]);
    expect(sentOn()).toHaveLength(5);
  });

  it('is tried again where the next hop cannot take it now, and nothing is recorded before', async () => {
    let isAway = true;
    const busy = Object.assign(new Error('later'), { responseCode: 451 });
    const { receive, recorded } = await sentCarrier({
      onMailFrom: ({ address }, _session, done) => (address === '' && isAway ? done(busy) : done()),
    });
    expect(await receive(report())).toMatchObject({ code: 451, enhanced: '4.3.0' });
    expect(await recorded()).toEqual([]);
    isAway = false;
    expect(await receive(report())).toMatchObject({ code: 250 });
    expect(await recorded()).toHaveLength(1);
  });

  it('is refused at an address that no carrier was sent from', async () => {
    const { mailbox, address, recorded } = await sentCarrier();
    for (const other of ['bounces@mail.example.org', address.replace('+a', '+b'), address.replace(/.@/, '2@')]) {
      if (other === address) continue;
      expect(mailbox.isBounceAddress(other)).toBe(false);
      expect(await mailbox.receive(report(), other, new AbortController().signal)).toMatchObject({ code: 550 });
    }
    expect(await recorded()).toEqual([]);
  });
});
