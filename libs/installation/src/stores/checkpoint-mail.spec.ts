import { expect, it } from '@jest/globals';
import { MailRelay } from '#libs/mail';
import type { OutgoingMail, RelayReceipt } from '#libs/mail';
import { FixedClock, instantOf, parseMailAddress } from '#libs/vocabulary';
import { mailedTo } from './checkpoint-mail.ts';

const noon = instantOf('2026-11-30T12:00:00.000Z');
const NOTE = 'post.example/ledger\n42\nLIMXxiC2EvLONTm2Qi4f5VIlq40eygo6fZLzWGYGKXw=\n\n— post.example/ledger AAAA\n';

class Taking extends MailRelay {
  readonly mails: OutgoingMail[] = [];
  override async send(mail: OutgoingMail): Promise<RelayReceipt> {
    this.mails.push(mail);
    return { acceptedAt: noon, reply: '250 taken' };
  }
  override checkReachable(): Promise<void> {
    return Promise.resolve();
  }
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

it('a checkpoint is mailed as a file, byte for byte as it was signed', async () => {
  const relay = new Taking();
  const [from, to] = [parseMailAddress('no-reply@example.com'), parseMailAddress('notary@example.org')];
  const place = mailedTo(to, { relay, clock: new FixedClock(noon), from, organisation: 'Nordlys & Søn' });
  await place.send(NOTE, AbortSignal.timeout(1000));
  expect(place.wants).toBe('daily');
  expect(place.name).not.toContain('@');
  expect(relay.mails).toMatchObject([{ mailFrom: from, rcptTo: to, kind: 'report' }]);
  const text = String(relay.mails[0]?.content);
  expect(text).toMatch(/^Subject: Checkpoint of post\.example\/ledger: 42 events/m);
  expect(text).toMatch(/^Auto-Submitted: auto-generated/m);
  const [, encoded = ''] = /filename=checkpoint-42\.txt[\s\S]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+)/.exec(text) ?? [];
  expect(Buffer.from(encoded, 'base64').toString()).toBe(NOTE);
});
