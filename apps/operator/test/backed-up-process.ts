/**
 * A process that writes to an installation until it is killed, as a gateway does, in the order in which a gateway does it:
 * persons, the carrier staged, the event, the carrier committed. Prints a line for each message once it is committed.
 *
 *     node --import ops/source-loader.mjs backed-up-process.ts <keyring> <data directory>
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { SqliteEventStore } from '#libs/event-store';
import { Keyring, rotateKey, SqlitePersonDirectory } from '#libs/keyring';
import { Outbox } from '#libs/mail';
import { messageStream } from '#libs/sealing';
import { base32Lower, parseMailAddress, SystemClock } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { NoRelay } from '../erasure-reach.ts';

const [keyringDirectory = '', dataDir = ''] = process.argv.slice(2);
const keyring = await Keyring.open(keyringDirectory, {
  demonstration: false,
  kinds: ['person-wrapping', 'person-index'],
  followIntervalMs: 20,
});
const store = await SqliteEventStore.open(join(dataDir, 'events.sqlite'));
const persons = await SqlitePersonDirectory.open(join(dataDir, 'persons.sqlite'), keyring);
const outbox = await Outbox.open({
  directory: join(dataDir, 'outbox'),
  relay: new NoRelay(),
  settle: () => Promise.resolve('later'),
});
const mailFrom = parseMailAddress('anna@example.com');
const clock = new SystemClock();
const content = Buffer.alloc(20_000, 'ciphertext\r\n');
/** As a MessageSealed has them; whom and which message it is about is what counts here. */
const SEALED = {
  ...{ ciphertextBytes: 20_000, ciphertextSha256: 'ab'.repeat(32), headerSha256: 'cd'.repeat(32), mailBytes: 19_000 },
  ...{ mailSha256: 'ef'.repeat(32), manifestKeyId: 'manifest-1', sealingKeyId: 'sealing-1', organisation: 'Nordlys' },
  ...{ sealedAt: '2026-03-01T12:00:00.000Z', expiresAt: '2036-03-01T12:00:00.000Z' },
};

for (let n = 0; ; n++) {
  const rcptTo = parseMailAddress(`reader-${process.pid}-${n}@example.org`);
  const { personId } = await persons.findOrCreate(rcptTo);
  const messageId = base32Lower(createHash('sha256').update(rcptTo).digest().subarray(0, 20)) as MessageId;
  const staged = await outbox.stage({ messageId, submissionId: messageId, mailFrom, rcptTo });
  await staged.write(content);
  await staged.finish();
  const facts = { ...SEALED, messageId, senderId: personId, recipientId: personId };
  await store.append(messageStream(messageId), 'NONE', [{ type: 'MessageSealed', data: facts }]);
  await outbox.commit([staged]);
  process.stdout.write(`${messageId} ${personId}\n`);
  if (n % 40 === 20) await rotateKey(keyringDirectory, 'person-wrapping', { now: clock.now() });
}
