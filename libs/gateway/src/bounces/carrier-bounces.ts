import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { BounceAddresses } from '../bounce-addresses.ts';
import { BounceMailbox } from '../bounce-mailbox.ts';
import type { SmtpAnswer, StoredMail } from '../outgoing-mail.ts';
import { ReceiveBounce } from './receive-bounce.ts';

const TAKEN: SmtpAnswer = { code: 250, enhanced: '2.0.0', words: 'noted' };
const NOBODY: SmtpAnswer = { code: 550, enhanced: '5.1.1', words: 'no such address' };
const LATER: SmtpAnswer = { code: 451, enhanced: '4.3.0', words: 'not now; try again later' };

/** The bounce mailbox of this installation's carriers: nothing of what comes in is kept. */
@Injectable()
export class CarrierBounces extends BounceMailbox {
  constructor(
    private readonly addresses: BounceAddresses,
    private readonly commands: CommandBus,
  ) {
    super();
  }

  override isBounceAddress(address: string): boolean {
    return this.addresses.messageOf(address) !== null;
  }

  override async receive(mail: StoredMail, address: string, signal: AbortSignal): Promise<SmtpAnswer> {
    const messageId = this.addresses.messageOf(address);
    if (messageId === null) return NOBODY;
    try {
      const receipt = await this.commands.execute(new ReceiveBounce(messageId, mail, signal));
      return receipt === 'unknown-message' ? NOBODY : TAKEN;
    } catch {
      return LATER; // a store or the next hop is away: its sender tries again
    }
  }
}
