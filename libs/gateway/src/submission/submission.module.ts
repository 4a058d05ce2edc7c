import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { RevokeMessageHandler, SealMessageHandler } from '#libs/sealing';
import { SealingApiController } from './sealing-api.controller.ts';
import { MessagesApiController } from './messages-api.controller.ts';
import { SubmitMailHandler } from './submit-mail.ts';

/**
 * The sealing API. The app provides, from a global module: EventStore, PersonDirectory, Keyring, Outbox, Clock and
 * SubmissionSettings; its Outbox settles by `settlementBy` of this room.
 */
@Module({
  imports: [CqrsModule],
  controllers: [SealingApiController, MessagesApiController],
  providers: [SubmitMailHandler, SealMessageHandler, RevokeMessageHandler],
})
export class SubmissionModule {}
