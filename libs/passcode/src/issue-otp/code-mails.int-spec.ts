import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { MailRelay, RelayRefused, RelayUnavailable } from '#libs/mail';
import type { OutgoingMail, RelayReceipt } from '#libs/mail';
import { instantOf, plusSeconds, SystemClock } from '#libs/vocabulary';
import { ViewEngine } from '#libs/web-ui';
import type { ChallengeId } from '../passcode.ts';
import { PasscodeSettings } from '../settings.ts';
import { anna, codeOf, openPasscodeRoom, pause } from '../testing/index.ts';
import type { PasscodeRoom } from '../testing/index.ts';
import { CodeMails } from './code-mails.ts';
import type { CodeMailsOptions } from './code-mails.ts';

/** Answers as the script says, then takes everything. */
class ScriptedRelay extends MailRelay {
  readonly sent: OutgoingMail[] = [];
  private readonly script: (Error | Promise<void>)[];

  constructor(...script: (Error | Promise<void>)[]) {
    super();
    this.script = script;
  }

  override async send(mail: OutgoingMail): Promise<RelayReceipt> {
    this.sent.push(mail);
    const next = this.script.shift();
    if (next instanceof Error) throw next;
    await next;
    return { acceptedAt: instantOf(new Date()), reply: '250 ok' };
  }

  override async checkReachable(): Promise<void> {}

  override async close(): Promise<void> {}
}

const busy = () => new RelayUnavailable('451 later', 451);

describe('code mails on their way', () => {
  let room: PasscodeRoom;
  let challengeId: ChallengeId;
  beforeEach(async () => {
    room = await openPasscodeRoom();
    challengeId = await room.begin('a browser');
    await room.codeInMail(1);
    await until(async () => (await room.events()).some(({ type }) => type === 'OtpDelivered'));
  });
  afterEach(() => {
    Logger.overrideLogger(false);
    return room.close();
  });

  function mails(relay: MailRelay, options: Partial<CodeMailsOptions> = {}): CodeMails {
    const views = room.portal.app.get(ViewEngine);
    const settings = room.portal.app.get(PasscodeSettings);
    const clock = new SystemClock();
    return new CodeMails(relay, views, room.challenges, room.store, clock, settings, {
      retryAfterSeconds: [0.02, 0.02],
      thenEverySeconds: null,
      ...options,
    });
  }

  function job(expiresInSeconds = 600) {
    const issuedAt = instantOf(new Date());
    return {
      personId: room.person.personId,
      challengeId,
      codeNumber: 1,
      address: anna,
      locale: 'en' as const,
      code: codeOf('12345678'),
      issuedAt,
      browser: null,
      expiresAt: plusSeconds(issuedAt, expiresInSeconds),
    };
  }

  const lastEvent = async () => (await room.events()).at(-1);
  const failed = async () =>
    until(async () => (await lastEvent())?.type === 'OtpDeliveryFailed').then(async () => (await lastEvent())?.data);

  it('return at once: the answer to a request never waits for a mail server (A12)', async () => {
    const gate = Promise.withResolvers<void>();
    const relay = new ScriptedRelay(gate.promise);
    mails(relay).send(job());
    expect(relay.sent).toHaveLength(0);
    await until(() => relay.sent.length === 1);
    gate.resolve();
    await until(async () => (await room.events()).filter(({ type }) => type === 'OtpDelivered').length === 2);
  });

  it('are wiped when they are done with, and their code as soon as it is in its mail', async () => {
    const relay = new ScriptedRelay(busy());
    const sent = job();
    mails(relay).send(sent);
    await until(() => relay.sent.length === 1);
    expect([...sent.code]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    await until(() => relay.sent.length === 2);
    await until(() =>
      relay.sent.every(({ content }) => content instanceof Uint8Array && content.every((byte) => byte === 0)),
    );
  });

  it('are tried three times, the same mail each time', async () => {
    const relay = new ScriptedRelay(busy(), busy());
    mails(relay).send(job());
    await until(async () => (await lastEvent())?.data !== undefined && relay.sent.length === 3);
    await until(async () => (await room.events()).filter(({ type }) => type === 'OtpDelivered').length === 2);
    expect((await lastEvent())?.data).toMatchObject({ tries: 3 });
    expect(new Set(relay.sent.map(({ content }) => content)).size).toBe(1);
    expect((await room.challenge(challengeId)).delivery?.status).toBe('taken');
  });

  it('are given up after the third try', async () => {
    const relay = new ScriptedRelay(busy(), busy(), busy());
    mails(relay).send(job());
    expect(await failed()).toMatchObject({ failure: 'unreachable', tries: 3 });
    expect((await room.challenge(challengeId)).delivery?.status).toBe('failed');
  });

  it('are given up at once when refused for good, and the log has the numbers of the reply alone', async () => {
    const logged: string[] = [];
    const note = (level: string) => (message: unknown) => void logged.push(`${level} ${String(message)}`);
    Logger.overrideLogger({ log: note('log'), warn: note('warn'), error: note('error') });
    const relay = new ScriptedRelay(new RelayRefused('550 5.1.1 no such mailbox <anna>', 550));
    mails(relay).send(job());
    expect(await failed()).toMatchObject({ failure: 'refused', tries: 1 });
    expect((await room.challenge(challengeId)).delivery?.status).toBe('refused');
    expect(JSON.stringify(await lastEvent())).not.toContain('anna');
    expect(logged).toEqual(['warn the relay refused a code mail for good (550 5.1.1)']);
  });

  it('are not tried again past the end of their code', async () => {
    const relay = new ScriptedRelay(busy());
    mails(relay).send(job(0.01));
    expect(await failed()).toMatchObject({ failure: 'unreachable', tries: 1 });
  });

  it('are not tried again once a newer code is on its way', async () => {
    const relay = new ScriptedRelay(busy());
    const sending = mails(relay);
    await room.challenges.change(challengeId, ({ code }) => ({ code: code && { ...code, codeNumber: 2 } }));
    sending.send(job());
    expect(await failed()).toMatchObject({ failure: 'superseded', tries: 1 });
  });

  it('go on at one pace for as long as the code is good, since greylisting takes its time', async () => {
    const relay = new ScriptedRelay(busy(), busy(), busy(), busy(), busy());
    mails(relay, { retryAfterSeconds: [0.02], thenEverySeconds: 0.01 }).send(job());
    await until(() => relay.sent.length === 6);
    await until(async () => (await lastEvent())?.type === 'OtpDelivered');
  });

  it('end with the process: what waits is given up and told', async () => {
    const relay = new ScriptedRelay(busy());
    const sending = mails(relay, { retryAfterSeconds: [60] });
    sending.send(job());
    await until(async () => (await room.challenge(challengeId)).delivery?.status === 'trying-again');
    await sending.beforeApplicationShutdown();
    expect((await room.challenge(challengeId)).delivery?.status).toBe('failed');
    expect(sending.isFull).toBe(true);
  });

  it('have a bound', async () => {
    const gate = Promise.withResolvers<void>();
    const sending = mails(new ScriptedRelay(gate.promise, gate.promise), { maxJobs: 2 });
    sending.send(job());
    expect(sending.isFull).toBe(false);
    sending.send(job());
    expect(sending.isFull).toBe(true);
    gate.resolve();
    await until(() => !sending.isFull);
  });
});

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 300; turn++) {
    if (await isSo()) return;
    await pause(10);
  }
  throw new Error('waited for too long');
}
