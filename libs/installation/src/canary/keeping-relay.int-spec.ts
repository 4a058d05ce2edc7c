import { expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { SmtpRelay } from '#libs/mail';
import { startSmtpSink } from '#libs/mail/testing';
import { SystemClock, parseMailAddress } from '#libs/vocabulary';
import { CanaryMailbox } from './canary-mailbox.ts';
import { KeepingRelay } from './keeping-relay.ts';

it('is reachable while the next hop is, and not by itself', async () => {
  const store = new MemoryEphemeralStore({ maxBytes: 1024 * 1024 });
  const mailbox = new CanaryMailbox(parseMailAddress('canary@canary.example'), store);
  const to = (port: number) =>
    new KeepingRelay(new SmtpRelay(`smtp://127.0.0.1:${port}`, { closeGraceMs: 200 }), mailbox, new SystemClock());
  const [sink, closed] = [await startSmtpSink(), await startSmtpSink()];
  await closed.close();
  const [there, away] = [to(sink.port), to(closed.port)];
  try {
    await there.checkReachable();
    await expect(away.checkReachable()).rejects.toMatchObject({ code: 'relay-unavailable' });
  } finally {
    await there.close();
    await away.close();
    await sink.close();
    await store.close();
  }
});
