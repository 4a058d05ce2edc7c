import { readCheckpoint } from '#libs/audit';
import type { CheckpointPlace } from '#libs/audit';
import { composeNotice } from '#libs/mail';
import type { MailRelay } from '#libs/mail';
import type { Clock, MailAddress } from '#libs/vocabulary';

export interface MailedBy {
  readonly relay: MailRelay;
  readonly clock: Clock;
  readonly from: MailAddress;
  readonly organisation: string;
}

/**
 * Mails the first checkpoint of each day, as it was signed, as a file. In English alone: it is kept, and rarely read.
 * Whoever keeps it can show later that the log was set back ("segl audit verify --checkpoint").
 */
export function mailedTo(to: MailAddress, { relay, clock, from, organisation }: MailedBy): CheckpointPlace {
  return {
    name: 'the address of ledger.checkpointMail',
    wants: 'daily',
    async send(note, signal) {
      const { origin = 'ledger', size = 0 } = readCheckpoint(note) ?? {};
      const content = await composeNotice({
        ...{ from, organisation, to, writtenAt: clock.now() },
        subject: `Checkpoint of ${origin}: ${size} events`,
        text: TEXT,
        file: { name: `checkpoint-${size}.txt`, text: note },
      });
      await relay.send({ mailFrom: from, rcptTo: to, content, kind: 'report', signal });
    },
  };
}

const TEXT = `Attached is the signed state of this ledger. Keep it as it is, where those who run the
installation cannot change it. With it and the public key of the ledger,

  segl audit verify --log --checkpoint <the attached file> --key <file of keys>

finds whether the log was changed or set back since. It holds no content and names nobody.
`;
