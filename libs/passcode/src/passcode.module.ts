import { Module } from '@nestjs/common';
import { EphemeralStore } from '#libs/ephemeral-store';
import { EventStore } from '#libs/event-store';
import { MailRelay } from '#libs/mail';
import { Clock } from '#libs/vocabulary';
import { ViewEngine } from '#libs/web-ui';
import { Challenges } from './challenges.ts';
import { HashingTurns } from './hashing-turns.ts';
import { CodeMails } from './issue-otp/code-mails.ts';
import { IssueOtpHandler } from './issue-otp/issue-otp.ts';
import { IssuedOtps } from './issued-otps.ts';
import { PasscodeSettings } from './settings.ts';
import { EnterCodeController } from './verify-otp/enter-code.ts';
import { VerifyOtpHandler } from './verify-otp/verify-otp.ts';

/**
 * The app provides, from a global module: EventStore, EphemeralStore, PersonDirectory, MailRelay, Clock, ViewEngine,
 * PasscodeSettings, and the CommandBus (CqrsModule.forRoot).
 */
@Module({
  controllers: [EnterCodeController],
  providers: [
    Challenges,
    { provide: HashingTurns, useFactory: () => new HashingTurns() },
    {
      provide: IssuedOtps,
      inject: [EphemeralStore, HashingTurns],
      useFactory: (store: EphemeralStore, turns: HashingTurns) => new IssuedOtps(store, turns),
    },
    {
      provide: CodeMails,
      inject: [MailRelay, ViewEngine, Challenges, EventStore, Clock, PasscodeSettings],
      useFactory: (...parts: [MailRelay, ViewEngine, Challenges, EventStore, Clock, PasscodeSettings]) =>
        new CodeMails(...parts),
    },
    IssueOtpHandler,
    VerifyOtpHandler,
  ],
  exports: [Challenges],
})
export class PasscodeModule {}
