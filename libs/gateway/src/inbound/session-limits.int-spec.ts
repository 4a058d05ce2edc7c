import { afterEach, describe, expect, it } from '@jest/globals';
import type { SmtpAnswer } from '../outgoing-mail.ts';
import { SmtpCaller } from '../testing/smtp-caller.ts';
import { KeptBounces, KeptCanaryMails, openSmtpRoom, smtpClient } from '../testing/smtp-room.ts';
import type { SmtpRoom } from '../testing/smtp-room.ts';
import type { InboundSettings } from './inbound-settings.ts';

let room: SmtpRoom;
let port: number;
afterEach(() => room.close());
async function open(more: Partial<InboundSettings> = {}): Promise<void> {
  room = await openSmtpRoom(more);
  port = room.ports[0] ?? 0;
}
const pause = (milliseconds: number) => new Promise((resume) => setTimeout(resume, milliseconds));
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5);
}
/** A passing on that goes on until it is told what came of it. */
function heldBack() {
  let answer: (given: SmtpAnswer) => void = () => undefined;
  const answered = new Promise<SmtpAnswer>((resolve) => (answer = resolve));
  let signal: AbortSignal | null = null;
  room.passing.answer = (_mail, given) => {
    signal = given;
    return answered;
  };
  return { answer, isUnderWay: () => signal !== null, isAborted: () => signal?.aborted === true };
}
const body = (bytes: number) => 'Subject: x\r\n\r\n'.padEnd(bytes, 'x');
const taken: SmtpAnswer = { code: 250, enhanced: '2.0.0', words: 'passed on' };

describe('the answer to a mail', () => {
  it('is what passing it on came to, and comes after it', async () => {
    await open();
    const passing = heldBack();
    const caller = await SmtpCaller.withMail(port);
    caller.say('Subject: x\r\n\r\nx\r\n.');
    await until(passing.isUnderWay);
    const reply = caller.reply();
    expect(await Promise.race([reply, pause(100)])).toBeUndefined();
    passing.answer(taken);
    expect(await reply).toBe('250 2.0.0 passed on');
  });

  it.each([
    { code: 451, enhanced: '4.4.1', words: 'the next hop does not answer' },
    { code: 550, enhanced: '5.7.1', words: 'policy: no cards' },
  ])('is $code as it was given', async (answer) => {
    await open();
    room.passing.answer = async () => answer;
    const caller = await SmtpCaller.withMail(port);
    expect(await caller.ask('Subject: x\r\n\r\nx\r\n.')).toBe(`${answer.code} ${answer.enhanced} ${answer.words}`);
    expect(await caller.ask('NOOP')).toMatch(/^250 /);
    expect(room.watch.codes).toEqual([answer.code]);
  });

  it('is a temporary one where passing on broke down', async () => {
    await open();
    room.passing.answer = () => Promise.reject(new Error('broken'));
    const caller = await SmtpCaller.withMail(port);
    expect(await caller.ask('Subject: x\r\n\r\nx\r\n.')).toMatch(/^451 4\.3\.0 /);
  });

  it('has nobody to hear it where the client is gone: passing on is told so', async () => {
    await open();
    const passing = heldBack();
    const caller = await SmtpCaller.withMail(port);
    caller.say('Subject: x\r\n\r\nx\r\n.');
    await until(passing.isUnderWay);
    expect(passing.isAborted()).toBe(false);
    caller.socket.destroy();
    await until(passing.isAborted);
    passing.answer(taken);
    await until(() => room.watch.codes.length === 1);
    expect(room.watch.codes).toEqual([250]);
  });
});

describe('connections', () => {
  it('have a number for each network, and a place that is given back can be had', async () => {
    await open({ connectionsPerNetwork: 2 });
    const [first, second] = [SmtpCaller.to(port), SmtpCaller.to(port)];
    await Promise.all([first.reply(), second.reply()]);
    expect(await SmtpCaller.to(port).reply()).toMatch(/^421 4\.7\.0 /);
    first.socket.destroy();
    let reply = '';
    await until(() => first.isClosed);
    while (!reply.startsWith('220')) reply = await SmtpCaller.to(port).reply();
    second.socket.destroy();
    expect(room.watch.connections).toContain('too-many-of-network');
  });

  it('have a number for all', async () => {
    await open({ connections: 1 });
    await SmtpCaller.to(port).reply();
    expect(await SmtpCaller.to(port).reply()).toMatch(/^421 4\.3\.2 /);
    expect(room.watch.connections).toEqual(['taken', 'too-many']);
  });
});

describe('strangers, who may bring bounces', () => {
  it('leave half of the connections to clients', async () => {
    room = await openSmtpRoom(
      { clients: [smtpClient({ networks: ['192.0.2.1'] })], connections: 2 },
      new KeptBounces(),
    );
    port = room.ports[0] ?? 0;
    expect(await SmtpCaller.to(port).reply()).toMatch(/^220 /);
    expect(await SmtpCaller.to(port).reply()).toMatch(/^421 4\.3\.2 /);
  });
});

describe('drop by drop', () => {
  async function drip(caller: SmtpCaller, text: string): Promise<void> {
    while (!caller.isClosed) {
      caller.socket.write(text);
      await pause(50);
    }
  }

  it('a command is not waited for', async () => {
    await open({ silenceSeconds: 1 });
    const caller = SmtpCaller.to(port);
    await caller.reply();
    await drip(caller, 'x');
    expect(await caller.reply()).toMatch(/^421 4\.4\.2 /);
  });

  it('a mail is not waited for', async () => {
    await open({ silenceSeconds: 1 });
    const caller = await SmtpCaller.withMail(port);
    await drip(caller, 'x\r\n');
    expect(await caller.reply()).toMatch(/^421 4\.4\.2 /);
    expect(room.passing.mails).toEqual([]);
  });
});

describe('room for mails', () => {
  it('is shared out as it is there, and comes back', async () => {
    await open({ mailsMaxBytes: 700_000 });
    const passing = heldBack();
    const first = await SmtpCaller.withMail(port);
    first.say(`${body(500_000)}\r\n.`);
    await until(passing.isUnderWay);

    const announced = await SmtpCaller.withMail(port, ' SIZE=300000');
    expect(await announced.ask('RSET')).toMatch(/^250/); // MAIL was refused, and RCPT and DATA out of turn
    expect(await announced.ask('MAIL FROM:<office@nordlys.example> SIZE=300000')).toMatch(/^452 4\.3\.1 /);

    const unannounced = await SmtpCaller.withMail(port);
    expect(await unannounced.ask(`${body(300_000)}\r\n.`)).toMatch(/^452 4\.3\.1 /);

    passing.answer(taken);
    expect(await first.reply()).toMatch(/^250 /);
    room.passing.answer = async () => taken;
    const again = await SmtpCaller.withMail(port, ' SIZE=300000');
    expect(await again.ask(`${body(300_000)}\r\n.`)).toMatch(/^250 /);
    expect(room.passing.mails.map(({ content }) => content.length)).toEqual([500_002, 300_002]);
  });
});

describe('a mail to an address of our own, which anybody may send,', () => {
  it.each([
    ['canary@canary.nordlys.example', 1024 * 1024],
    ['b+abc@bounces.nordlys.example', 4 * 1024 * 1024],
  ])('to %s has %d bytes at most', async (address, maxBytes) => {
    const settings = { maxMailBytes: 10_000_000, mailsMaxBytes: 20_000_000, clients: [smtpClient({ networks: [] })] };
    room = await openSmtpRoom(settings, new KeptBounces(), new KeptCanaryMails());
    const stranger = SmtpCaller.to(room.ports[0] ?? 0);
    await stranger.reply();
    await stranger.ask('EHLO mx.example');
    for (const [bytes, expected] of [
      [maxBytes - 2, /^250 2\.0\.0 /],
      [maxBytes - 1, /^552 5\.3\.4 /],
    ] as const) {
      await stranger.ask('MAIL FROM:<>');
      await stranger.ask(`RCPT TO:<${address}>`);
      await stranger.ask('DATA');
      expect(await stranger.ask(`${body(bytes)}\r\n.`)).toMatch(expected); // with its last line end
    }
  });

  it('takes no more than half of the room', async () => {
    room = await openSmtpRoom({ mailsMaxBytes: 700_000 }, undefined, new KeptCanaryMails());
    const caller = SmtpCaller.to(room.ports[0] ?? 0);
    await caller.reply();
    await caller.ask('EHLO mail.example');
    for (const [address, expected] of [
      ['canary@canary.nordlys.example', /^452 4\.3\.1 /],
      ['anna@example.com', /^250 2\.0\.0 /],
    ] as const) {
      await caller.ask('MAIL FROM:<office@nordlys.example>');
      await caller.ask(`RCPT TO:<${address}>`);
      await caller.ask('DATA');
      expect(await caller.ask(`${body(400_000)}\r\n.`)).toMatch(expected);
    }
  });
});

describe('a stop', () => {
  it('answers what is under way, and says to the rest that it goes', async () => {
    await open();
    const passing = heldBack();
    const busy = await SmtpCaller.withMail(port);
    busy.say('Subject: x\r\n\r\nx\r\n.');
    await until(passing.isUnderWay);
    const sending = await SmtpCaller.withMail(port);
    const idle = SmtpCaller.to(port);
    await idle.reply();

    const stopped = room.intake.stop();
    expect(await idle.reply()).toMatch(/^421 4\.3\.2 /);
    expect(await idle.reply()).toBe('');
    expect(await SmtpCaller.to(port).reply()).toBe('');
    passing.answer(taken);
    expect(await busy.reply()).toBe('250 2.0.0 passed on');
    expect(await busy.reply()).toMatch(/^421 4\.3\.2 /);
    expect(await sending.ask('Subject: y\r\n\r\ny\r\n.')).toBe('250 2.0.0 passed on');
    expect(await sending.reply()).toMatch(/^421 4\.3\.2 /);
    await stopped;
    expect(room.watch.codes).toEqual([250, 250]);
  });

  it('waits for nobody longer than it may', async () => {
    await open();
    const passing = heldBack();
    const busy = await SmtpCaller.withMail(port);
    busy.say('Subject: x\r\n\r\nx\r\n.');
    await until(passing.isUnderWay);
    const stopped = room.intake.stop();
    expect(await busy.reply()).toMatch(/^421 4\.3\.2 /);
    expect(passing.isAborted()).toBe(true);
    passing.answer({ code: 451, enhanced: '4.3.2', words: 'stopping' });
    await stopped;
  });
});
