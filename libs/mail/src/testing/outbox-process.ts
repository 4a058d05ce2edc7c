/*
 * A process with an outbox, for tests that kill it: `node outbox-process.ts <directory> <smtp port> <carriers to commit>`.
 * Says `committed <message id>` for each carrier once that is so, `idle` when its outbox is empty. Ends on SIGTERM.
 */
import { randomBytes } from 'node:crypto';
import { base32Lower, parseMailAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { Outbox } from '../outbound/outbox.ts';
import { SmtpRelay } from '../outbound/smtp-relay.ts';

const [directory = '', port = '', carriers = '0'] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);
const relay = new SmtpRelay(`smtp://127.0.0.1:${port}`, { closeGraceMs: 100 });
const outbox = await Outbox.open({
  directory,
  relay,
  settle: ({ submissionId }) => Promise.resolve(submissionId === 'accepted' ? 'queue' : 'discard'),
  onFault: (error) => say(`fault ${error.message} ${String(error.cause)}`),
  scanIntervalMs: 100,
  takeOverIntervalMs: 100,
  firstRetrySeconds: 0.1,
});
outbox.start();
process.once('SIGTERM', () => void outbox.close().then(() => relay.close()));
for (let index = 0; index < Number(carriers); index++) {
  const messageId = base32Lower(randomBytes(20)) as MessageId;
  const accepted = await outbox.stage({
    messageId,
    submissionId: 'accepted',
    mailFrom: parseMailAddress('office@example.org'),
    rcptTo: parseMailAddress('anna@example.com'),
  });
  await accepted.write(Buffer.from(`Segl-Message: ${messageId}\r\n\r\n`));
  await accepted.write(Buffer.alloc(100_000, `${'x'.repeat(98)}\r\n`));
  await accepted.finish();
  await outbox.commit([accepted]);
  say(`committed ${messageId}`);
}
const watching = setInterval(() => {
  void outbox.counts().then(({ queued, sending, staged }) => {
    if (queued + sending + staged === 0) say('idle');
  });
}, 50);
process.once('SIGTERM', () => clearInterval(watching));
