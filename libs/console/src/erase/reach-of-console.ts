import { Injectable, Optional } from '@nestjs/common';
import { MessagesInTrail } from '#libs/audit';
import type { ErasureReach } from '#libs/compliance';
import { EphemeralStore } from '#libs/ephemeral-store';
import { ProjectionRunner, ReadModels } from '#libs/event-store';
import { PersonDirectory } from '#libs/keyring';
import { Outbox } from '#libs/mail';

/** What an erasure reaches from here: the outbox only where this process has one; others need `segl erase` on their own machines. */
@Injectable()
export class ReachOfConsole implements ErasureReach {
  readonly messages: MessagesInTrail;
  readonly outbox: Outbox | null;

  constructor(
    readonly persons: PersonDirectory,
    readonly sessions: EphemeralStore,
    projections: ProjectionRunner,
    readModels: ReadModels,
    @Optional() outbox?: Outbox,
  ) {
    this.outbox = outbox ?? null;
    this.messages = new MessagesInTrail(async () => {
      await projections.caughtUp();
      return readModels.db;
    });
  }
}
