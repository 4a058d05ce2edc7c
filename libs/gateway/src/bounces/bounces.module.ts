import { Global, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { BounceMailbox } from '../bounce-mailbox.ts';
import { CarrierBounces } from './carrier-bounces.ts';
import { ReceiveBounceHandler } from './receive-bounce.ts';

/** The app provides, from a global module: EventStore, PersonDirectory, MailRelay, Clock and BounceAddresses; SMTP in finds the mailbox. */
@Global()
@Module({
  imports: [CqrsModule],
  providers: [ReceiveBounceHandler, { provide: BounceMailbox, useClass: CarrierBounces }],
  exports: [BounceMailbox],
})
export class BouncesModule {}
