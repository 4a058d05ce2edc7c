import { Global, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { PassOnMail } from '../outgoing-mail.ts';
import { PassOnMailByPolicy } from './pass-on-mail.ts';

/**
 * What is done with a mail that SMTP in has taken. The app provides, from a global module: EventStore, PersonDirectory, Keyring,
 * MailRelay, MailReader, Clock, PolicyInForce and PassingOnSettings; SealMessage has its one handler in SubmissionModule.
 * Global, since steps import no other step: SMTP in finds its `PassOnMail` here.
 */
@Global()
@Module({
  imports: [CqrsModule],
  providers: [{ provide: PassOnMail, useClass: PassOnMailByPolicy }],
  exports: [PassOnMail],
})
export class PassingOnModule {}
