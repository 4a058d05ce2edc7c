import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { EventStore, decideAndAppend } from '#libs/event-store';
import { Clock } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { messageStream, revokeMessage, sealedMessages } from '../sealed-message.ts';

/** Takes a message back for good: what resolves is durable, and no view is recorded after it. */
export class RevokeMessage extends Command<'revoked' | 'already-revoked'> {
  readonly messageId: MessageId;
  readonly revokedBy: string;
  readonly reason: string | undefined;
  readonly caseNumber: string | undefined;
  readonly approvedBy: string | undefined;

  constructor(messageId: MessageId, revokedBy: string, reason?: string, caseNumber?: string, approvedBy?: string) {
    super();
    this.messageId = messageId;
    this.revokedBy = revokedBy;
    this.reason = reason;
    this.caseNumber = caseNumber;
    this.approvedBy = approvedBy;
  }
}

@CommandHandler(RevokeMessage)
export class RevokeMessageHandler implements ICommandHandler<RevokeMessage> {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** @throws UnknownMessage, EventStoreUnavailable, TooMuchContention */
  async execute({
    messageId,
    revokedBy,
    reason,
    caseNumber,
    approvedBy,
  }: RevokeMessage): Promise<'revoked' | 'already-revoked'> {
    const facts = {
      now: this.clock.now(),
      revokedBy,
      ...(caseNumber !== undefined && { caseNumber }),
      ...(reason !== undefined && { reason }),
      ...(approvedBy !== undefined && { approvedBy }),
    };
    const { events } = await decideAndAppend(this.store, messageStream(messageId), sealedMessages, (state) =>
      revokeMessage(state, facts),
    );
    return events.length > 0 ? 'revoked' : 'already-revoked';
  }
}
