import { afterEach, describe, expect, it } from '@jest/globals';
import type { SMTPServerOptions } from 'smtp-server';
import { parseMailAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import { startSmtpSink } from '../testing/smtp-sink.ts';
import type { MailToSeveral } from './mail-relay.ts';
import { SmtpRelay } from './smtp-relay.ts';
import type { SmtpRelayOptions } from './smtp-relay.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function sink(options: SMTPServerOptions = {}) {
  const started = await startSmtpSink(options);
  closers.push(() => started.close());
  return started;
}

function relayTo(urls: string, options: SmtpRelayOptions = {}) {
  const relay = new SmtpRelay(urls, { closeGraceMs: 200, ...options });
  closers.push(() => relay.close());
  return relay;
}

/** Refuses each connection with this reply in place of a greeting, or what else a handler of smtp-server may refuse. */
const answering = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });
const greetingWith = (code: number): SMTPServerOptions => ({
  onConnect: (_session, done) => done(answering(code, 'not today')),
});

const [anna, bo, cy] = ['anna@example.com', 'bo@example.com', 'cy@example.com'].map((address) =>
  parseMailAddress(address),
) as [MailAddress, MailAddress, MailAddress];
const mail = (overrides: Partial<MailToSeveral> = {}): MailToSeveral => ({
  mailFrom: parseMailAddress('office@example.org'),
  recipients: [anna],
  content: Buffer.from('Subject: x\r\n\r\nhello\r\n'),
  kind: 'passed',
  ...overrides,
});
const one = { ...mail(), rcptTo: anna };

describe('several next hops', () => {
  it.each([
    ['cannot be reached', null],
    ['greets with 421', greetingWith(421)],
    ['greets with 554', greetingWith(554)],
    [
      'goes away before the content',
      { onMailFrom: (_address, _session, done) => done(answering(421, 'closing')) } as SMTPServerOptions,
    ],
  ])(
    'are tried in order: where the first %s, the second gets the mail, and is asked first for a while',
    async (_what, options) => {
      const first = await sink(options ?? {});
      if (options === null) await first.close();
      const second = await sink();
      const failed: number[] = [];
      const onHopFailed = ({ port }: { port: number }) => void failed.push(port);
      const relay = relayTo(`smtp://127.0.0.1:${first.port} smtp://127.0.0.1:${second.port}`, { onHopFailed });
      await relay.send(one);
      const asked = first.connections();
      await relay.send(one);
      expect(second.mails).toHaveLength(2);
      expect(first.connections()).toBe(asked);
      expect(failed).toEqual([first.port]);
      expect(first.mails).toHaveLength(0);
    },
  );

  it('are not gone through for a mail that the first refuses, or cannot take now', async () => {
    let reply = answering(550, 'not this mail');
    const first = await sink({ onRcptTo: (_address, _session, done) => done(reply) });
    const second = await sink();
    const relay = relayTo(`smtp://127.0.0.1:${first.port} smtp://127.0.0.1:${second.port}`);
    await expect(relay.send(one)).rejects.toMatchObject({ code: 'relay-refused', replyCode: 550 });
    reply = answering(451, 'greylisted');
    await expect(relay.send(one)).rejects.toMatchObject({ code: 'relay-unavailable', replyCode: 451 });
    expect(second.connections()).toBe(0);
  });

  it('are not gone through once content has left: the first may have taken it', async () => {
    const first = await sink({ onData: (stream) => void stream.on('end', () => first.dropConnections()).resume() });
    const second = await sink();
    const relay = relayTo(`smtp://127.0.0.1:${first.port} smtp://127.0.0.1:${second.port}`);
    await expect(relay.send(one)).rejects.toMatchObject({ code: 'relay-unavailable', enhancedStatus: '4.4.1' });
    expect(second.connections()).toBe(0);
  });

  it('keep their connections apart, within one bound', async () => {
    const [first, second] = [await sink(), await sink()];
    const relay = relayTo(`smtp://127.0.0.1:${first.port} smtp://127.0.0.1:${second.port}`, { maxConnections: 2 });
    await Promise.all([relay.send(one), relay.send(one), relay.send({ ...one, kind: 'passcode' })]);
    await relay.send(one);
    expect(first.connections()).toBeLessThanOrEqual(2);
    expect(second.connections()).toBe(0);
  });

  it('come from the MX records of one name, by preference, and from memory where the resolver fails later', async () => {
    const server = await sink();
    let asked = 0;
    const relay = relayTo(`mx://example.org:${server.port}?tls=none`, {
      resolveMx: async (name) => {
        expect(name).toBe('example.org');
        asked++;
        return [
          { exchange: '127.0.0.1', priority: 20 },
          { exchange: 'Nobody.Invalid.', priority: 10 },
        ];
      },
    });
    await relay.send(one);
    await relay.send(one);
    expect(server.mails).toHaveLength(2);
    expect(asked).toBe(1);
  });

  it.each([
    ['says that it takes no mail', async () => [{ exchange: '', priority: 0 }], /takes no mail/],
    ['cannot be looked up', () => Promise.reject(Object.assign(new Error('x'), { code: 'ESERVFAIL' })), /ESERVFAIL/],
  ])('are none where the name %s: the mail waits', async (_what, resolveMx, reply) => {
    await expect(relayTo('mx://example.org', { resolveMx }).send(one)).rejects.toMatchObject({
      code: 'relay-unavailable',
      reply: expect.stringMatching(reply),
    });
  });

  it('are the name itself where it has no MX record', async () => {
    const relay = relayTo('mx://nobody.invalid', {
      resolveMx: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENODATA' })),
    });
    await expect(relay.send(one)).rejects.toMatchObject({ reply: expect.stringContaining('nobody.invalid') });
  });
});

describe('one mail to several recipients', () => {
  const byName: SMTPServerOptions = {
    onRcptTo: ({ address }, _session, done) => {
      if (address.startsWith('bo')) return done(answering(550, '5.1.1 no such mailbox'));
      if (address.startsWith('cy')) return done(answering(452, '4.2.2 full'));
      return done();
    },
  };

  it('goes in one transaction, and each has an outcome of their own, in order', async () => {
    const server = await sink(byName);
    const relay = relayTo(`smtp://127.0.0.1:${server.port}`);
    expect(await relay.sendToAll(mail({ recipients: [bo, anna, cy] }))).toMatchObject([
      { recipient: bo, status: 'refused', replyCode: 550, enhancedStatus: '5.1.1' },
      { recipient: anna, status: 'taken', replyCode: 250, enhancedStatus: expect.stringMatching(/^2\./) },
      { recipient: cy, status: 'unavailable', replyCode: 452, enhancedStatus: '4.2.2' },
    ]);
    expect(server.mails.map(({ rcptTo }) => rcptTo)).toEqual([[anna]]);
  });

  it('tells reasons apart also where nobody is taken, and the next mail finds a clean session', async () => {
    const server = await sink(byName);
    const relay = relayTo(`smtp://127.0.0.1:${server.port}`);
    expect(await relay.sendToAll(mail({ recipients: [bo, cy] }))).toMatchObject([
      { status: 'refused', enhancedStatus: '5.1.1' },
      { status: 'unavailable', enhancedStatus: '4.2.2' },
    ]);
    expect(await relay.sendToAll(mail())).toMatchObject([{ status: 'taken' }]);
  });

  it('has one outcome for all where it is the content that is refused, or no hop can be reached', async () => {
    const server = await sink({
      onData: (stream, _session, done) => void stream.on('end', () => done(answering(554, '5.7.1 no'))).resume(),
    });
    const refused = await relayTo(`smtp://127.0.0.1:${server.port}`).sendToAll(mail({ recipients: [anna, bo] }));
    expect(refused.map(({ status }) => status)).toEqual(['refused', 'refused']);
    await server.close();
    const unreached = await relayTo(`smtp://127.0.0.1:${server.port}`).sendToAll(mail({ recipients: [anna, bo] }));
    expect(unreached.map(({ status, enhancedStatus }) => [status, enhancedStatus])).toEqual([
      ['unavailable', '4.4.1'],
      ['unavailable', '4.4.1'],
    ]);
  });

  it('must name somebody, and nobody twice', async () => {
    const relay = relayTo('smtp://127.0.0.1:9');
    await expect(relay.sendToAll(mail({ recipients: [] }))).rejects.toThrow(RangeError);
    await expect(relay.sendToAll(mail({ recipients: [anna, anna] }))).rejects.toThrow(RangeError);
  });
});

describe('what a mail needs of a hop', () => {
  it('is asked for: SMTPUTF8 and BODY=8BITMIME, of this mail alone', async () => {
    const seen: object[] = [];
    const server = await sink({
      onMailFrom: ({ args }, _session, done) => {
        seen.push(args === false ? {} : args);
        done();
      },
    });
    const relay = relayTo(`smtp://127.0.0.1:${server.port}`);
    await relay.sendToAll(mail({ smtpUtf8: true, eightBit: true }));
    await relay.sendToAll(mail());
    expect(server.connections()).toBe(1);
    expect(seen).toEqual([{ SMTPUTF8: true, BODY: '8BITMIME' }, {}]);
  });

  it('is SMTPUTF8 for a mailbox beyond ASCII alone: a domain in A-labels, or dots in quotes, go anywhere', async () => {
    const [ase, dots, idn] = ['åse@example.com', '"a..b."@docomo.ne.jp', 'anna@blåbær.example'].map((address) =>
      parseMailAddress(address),
    ) as [MailAddress, MailAddress, MailAddress];
    const [knows, knowsNot] = [await sink(), await sink({ hideSMTPUTF8: true })];
    const toOneThatKnows = relayTo(`smtp://127.0.0.1:${knows.port}`);
    expect(await toOneThatKnows.sendToAll(mail({ recipients: [ase, dots] }))).toMatchObject([
      { recipient: ase, status: 'taken' },
      { recipient: dots, status: 'taken' },
    ]);
    expect(knows.mails[0]?.rcptTo).toEqual([ase, dots]);
    const toTheOther = relayTo(`smtp://127.0.0.1:${knowsNot.port}`);
    expect(await toTheOther.sendToAll(mail({ recipients: [ase] }))).toMatchObject([
      { recipient: ase, status: 'refused', enhancedStatus: '5.6.7' },
    ]);
    expect(await toTheOther.sendToAll(mail({ recipients: [dots, idn] }))).toMatchObject([
      { recipient: dots, status: 'taken' },
      { recipient: idn, status: 'taken' },
    ]);
    expect(knowsNot.mails).toHaveLength(1);
  });

  it.each([
    ['smtpUtf8', { hideSMTPUTF8: true }, '5.6.7'],
    ['eightBit', { hide8BITMIME: true }, '5.6.3'],
  ])('is refused for good where the hop has no %s', async (need, options, enhancedStatus) => {
    const server = await sink(options);
    const relay = relayTo(`smtp://127.0.0.1:${server.port}`);
    expect(await relay.sendToAll(mail({ [need]: true }))).toMatchObject([
      { status: 'refused', replyCode: 0, enhancedStatus },
    ]);
    expect(await relay.sendToAll(mail())).toMatchObject([{ status: 'taken' }]);
  });
});
