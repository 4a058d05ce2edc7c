import type { INestApplicationContext } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Logger } from 'pino';
import { CanaryInbox, SubmitMail } from '#libs/gateway';
import { Canary, CanaryStopped, hasRole } from '#libs/installation';
import type { OpenedStores, SealCanaryMail, Settings } from '#libs/installation';

type SmtpAnswer = Awaited<ReturnType<CanaryInbox['receive']>>;

const TAKEN: SmtpAnswer = { code: 250, enhanced: '2.0.0', words: 'thank you' };
const LATER: SmtpAnswer = { code: 451, enhanced: '4.3.0', words: 'not now; try again later' };

/** An hour: it is read within minutes, or never. */
const LIFETIME_SECONDS = 3600;

/** Canary mails that come back over SMTP. */
export class CanaryAtSmtp extends CanaryInbox {
  constructor(private readonly mailbox: NonNullable<OpenedStores['canary']>['mailbox']) {
    super();
  }

  override isCanaryAddress(address: string): boolean {
    return address.toLowerCase() === this.mailbox.address.toLowerCase();
  }

  override async receive(mail: Parameters<CanaryInbox['receive']>[0]): Promise<SmtpAnswer> {
    try {
      await this.mailbox.put(mail.content());
      return TAKEN; // also one that nobody waits for any more: nothing is to come of it
    } catch {
      return LATER;
    }
  }
}

/** Null where none is sent from this process: canary mails begin where mails are sealed. */
export function canaryOf(
  app: INestApplicationContext,
  settings: Settings,
  { canary, ephemeralStore, eventStore, persons, clock, metrics }: OpenedStores,
  log: Logger,
): Canary | null {
  if (canary === null || ephemeralStore === null || persons === null || !hasRole(settings, 'gateway')) return null;
  const commands = app.get(CommandBus);
  const seal: SealCanaryMail = async ({ address, bytes }) => {
    const submitted = await commands.execute(
      new SubmitMail({
        client: { clientId: 'segl-canary', senders: [address] },
        idempotencyKey: null,
        sender: address,
        recipients: [address],
        mail: (async function* () {
          yield bytes;
        })(),
        delivery: 'relay',
        lifetimeSeconds: LIFETIME_SECONDS,
      }),
    );
    const [message] = submitted.delivery === 'relay' ? submitted.messages : [];
    if (message === undefined) throw new Error('a mail to one recipient has no seal');
    if (message.delivery === 'refused') throw new CanaryStopped('the next hop refused the carrier for good');
    return message.messageId;
  };
  return new Canary({
    publicUrl: new URL(settings.publicUrl),
    everySeconds: settings.canary.everySeconds,
    mailbox: canary.mailbox,
    ...{ ephemeralStore, eventStore, persons, clock, log, seal },
    onRun: (run) => {
      metrics.countCanary(run.outcome, run.steps);
      if (run.outcome === 'passed') log.info({ steps: run.steps }, 'a canary mail went the whole way');
    },
  });
}
