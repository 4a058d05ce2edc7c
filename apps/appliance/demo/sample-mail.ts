import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { SubmitMail } from '#libs/gateway';
import { parseMailAddress } from '#libs/vocabulary';

const sender = parseMailAddress('mette.holm@nordlys.example');
const recipient = parseMailAddress('anna.berg@example.com');
const client = { clientId: 'demonstration', senders: [sender] };

/** Seals the mail that a newcomer reads first, by the same way as every other mail. */
export async function sealSampleMail(app: INestApplicationContext): Promise<void> {
  const sample = await readFile(join(import.meta.dirname, 'sample.eml'));
  await app.get(CommandBus).execute(
    new SubmitMail({
      client,
      idempotencyKey: null, // each start has a mailbox of its own, so each start seals a sample
      sender,
      recipients: [recipient],
      mail: (async function* () {
        yield sample;
      })(),
      delivery: 'relay',
    }),
  );
}
