import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import type { EventStore } from '#libs/event-store';
import { RevokeMessage, RevokeMessageHandler } from '#libs/sealing';
import type { Clock, Mandate, MessageId } from '#libs/vocabulary';

export interface Revoked {
  readonly revoked: number;
  readonly revokedBefore: number;
}

/** Takes messages back, one after the other. What breaks off may be repeated: a message is revoked once. */
export class RevokeMessages extends Command<Revoked> {
  constructor(
    readonly messageIds: readonly MessageId[],
    readonly mandate: Mandate,
  ) {
    super();
  }
}

@CommandHandler(RevokeMessages)
export class RevokeMessagesHandler implements ICommandHandler<RevokeMessages> {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** What resolves is durable: nothing of it is shown to anybody after that. @throws UnknownMessage, EventStoreUnavailable, TooMuchContention */
  async execute({ messageIds, mandate }: RevokeMessages): Promise<Revoked> {
    const { by, reason, caseNumber, approvedBy } = mandate;
    const handler = new RevokeMessageHandler(this.store, this.clock);
    let revoked = 0;
    const all = new Set(messageIds);
    for (const messageId of all) {
      const outcome = await handler.execute(new RevokeMessage(messageId, by, reason, caseNumber, approvedBy));
      if (outcome === 'revoked') revoked++;
    }
    return { revoked, revokedBefore: all.size - revoked };
  }
}
