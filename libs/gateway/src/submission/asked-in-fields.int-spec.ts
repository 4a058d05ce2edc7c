import { afterEach, describe, expect, it } from '@jest/globals';
import { readState } from '#libs/event-store';
import { startSmtpSink } from '#libs/mail/testing';
import { messageStream, sealedMessages } from '#libs/sealing';
import type { MessageId } from '#libs/vocabulary';
import { SUBMITTED_MAIL, askToSeal, opened } from '../testing/sealing-api-client.ts';
import type { Answer } from '../testing/sealing-api-client.ts';
import { openSubmissionRoom } from '../testing/submission-room.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open() {
  const sink = await startSmtpSink();
  cleanups.push(() => sink.close());
  const room = await openSubmissionRoom({ relayPort: sink.port });
  cleanups.push(() => room.close());
  return { sink, room };
}

describe('what a program asks beside the mail', () => {
  it('takes the old form for one more release, addresses in the query, and says so', async () => {
    const { room } = await open();
    const old = await askToSeal(room, { query: 'from=office@example.org&to=anna@example.com' });
    expect([old.status, old.headers.get('deprecation')]).toEqual([201, '@1795996800']);
    const refused = await askToSeal(room, { query: 'from=office@example.org&to=nobody' });
    expect(refused.status).toBe(400);
    const { status, headers } = await askToSeal(room);
    expect([status, headers.get('deprecation')]).toEqual([201, null]);
  });

  it('takes odd and internationalised mailboxes in one form, and sends each its carrier', async () => {
    const { room, sink } = await open();
    const dots = '"a..b."@docomo.ne.jp';
    const to = [
      '"A..b."@Docomo.ne.jp',
      dots,
      '%C3%A5se@example.com',
      Buffer.from('Åse@example.com').toString('latin1'),
    ];
    const { messages } = (await (await askToSeal(room, { to })).json()) as Answer;
    expect(messages).toMatchObject([
      { to: dots, delivery: 'relayed' },
      { to: 'åse@example.com', delivery: 'relayed' },
    ]);
    expect(sink.mails.map(({ rcptTo }) => rcptTo).toSorted()).toEqual([[dots], ['åse@example.com']]);
    for (const { to: recipient, messageId } of messages) {
      const carrier = sink.mails.find(({ rcptTo }) => rcptTo.includes(recipient))?.content ?? Buffer.alloc(0);
      expect((await opened(room, carrier, messageId, recipient)).equals(SUBMITTED_MAIL)).toBe(true);
    }
    const unquoted = await askToSeal(room, { to: ['anna@example.com', 'a..b.@docomo.ne.jp'] });
    expect(await unquoted.json()).toMatchObject({ status: 400, position: 2, refusal: 'dots-need-quotes' });
    const lookalike = await askToSeal(room, { to: [encodeURI('аnna@example.com')] }); // its first letter is Cyrillic
    expect(await lookalike.json()).toMatchObject({ status: 400, position: 1, refusal: 'unclear-letters' });
  });

  it('says of an internationalised mailbox that the relay cannot carry it', async () => {
    const sink = await startSmtpSink({ hideSMTPUTF8: true });
    cleanups.push(() => sink.close());
    const room = await openSubmissionRoom({ relayPort: sink.port });
    cleanups.push(() => room.close());
    const answered = await askToSeal(room, { to: ['åse@example.com', 'anna@blåbær.example'].map(encodeURI) });
    expect(((await answered.json()) as Answer).messages).toMatchObject([
      { to: 'åse@example.com', delivery: 'refused' },
      { to: 'anna@xn--blbr-roah.example', delivery: 'relayed' },
    ]);
  });

  it('seals for as long and under the terms that the program asks for', async () => {
    const { room, sink } = await open();
    const termed = {
      headers: { 'Segl-Lifetime-Seconds': '3600', 'Segl-Terms': 'shared-mailbox,no-download' },
      key: 'one',
    };
    const { messages } = (await (await askToSeal(room, termed)).json()) as Answer;
    const messageId = messages[0]?.messageId as MessageId;
    const { state } = await readState(room.store, messageStream(messageId), sealedMessages);
    expect(state).toMatchObject({ status: 'sealed', terms: ['no-download', 'shared-mailbox'] });
    if (state.status !== 'sealed') throw new Error('not sealed');
    expect(Date.parse(state.expiresAt) - Date.parse(state.sealedAt)).toBe(3_600_000);
    const carrier = sink.mails[0]?.content ?? Buffer.alloc(0);
    expect((await opened(room, carrier, messageId, 'anna@example.com')).equals(SUBMITTED_MAIL)).toBe(true);
    const inAnotherOrder = { ...termed, headers: { ...termed.headers, 'Segl-Terms': 'no-download, shared-mailbox' } };
    expect((await (await askToSeal(room, inAnotherOrder)).json()) as Answer).toMatchObject({
      messages: [{ messageId }],
    });
    for (const headers of [{}, { 'Segl-Terms': 'no-download' }, { ...termed.headers, 'Segl-Lifetime-Seconds': '3601' }])
      expect((await askToSeal(room, { key: 'one', headers })).status).toBe(422);
  });
});
