import { randomBytes } from 'node:crypto';
import { appendFacts, streamName } from '#libs/event-store';
import { encryptPersonalData } from '#libs/keyring';
import { base32Lower, newEventId, parseMailAddress, plusSeconds } from '#libs/vocabulary';
import type { Clock, MessageId } from '#libs/vocabulary';
import type { ConsoleRoom } from './console-room.ts';

/** A message as the record has it: sealed now by one for another, and unexpired. */
export async function sealedFor(room: ConsoleRoom, clock: Clock, from: string, to: string): Promise<MessageId> {
  const messageId = base32Lower(randomBytes(20)) as MessageId;
  const [sender, recipient] = [
    await room.persons.findOrCreate(parseMailAddress(from)),
    await room.persons.findOrCreate(parseMailAddress(to)),
  ];
  const id = newEventId();
  const now = clock.now();
  const data = {
    ...{ messageId, organisation: 'Nordlys A/S', senderId: sender.personId, recipientId: recipient.personId },
    ...{ sealingKeyId: 'sealing-1', manifestKeyId: 'manifest-1', headerSha256: '', mailBytes: 1, mailSha256: '' },
    ...{ ciphertextBytes: 1, ciphertextSha256: '', sealedAt: now, expiresAt: plusSeconds(now, 86_400) },
    sender: encryptPersonalData(sender, id, 'sender', from),
    recipient: encryptPersonalData(recipient, id, 'recipient', to),
  };
  await appendFacts(room.store, streamName('message', messageId), [{ id, type: 'MessageSealed', data }]);
  await room.runner.caughtUp();
  return messageId;
}
