import { Module } from '@nestjs/common';
import { SmtpIntake } from './smtp-intake.ts';

/**
 * Mail coming in over SMTP. The app provides, from a global module: InboundSettings, InboundWatch, PassOnMail and, where there is one, EphemeralStore; and it calls
 * `listen` and `stop`.
 */
@Module({ providers: [SmtpIntake], exports: [SmtpIntake] })
export class InboundModule {}
