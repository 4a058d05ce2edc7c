import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import type { EphemeralStore } from '#libs/ephemeral-store';
import { decideAndAppend } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import type { PersonDirectory } from '#libs/keyring';
import type { Outbox } from '#libs/mail';
import { endSessionsOf } from '#libs/recipient-access';
import { DomainError, newPersonId } from '#libs/vocabulary';
import type { Clock, Instant, MailAddress, Mandate, MessageId, PersonId } from '#libs/vocabulary';
import { erasedSubjects, standingOf } from '../erased-subjects.ts';
import type { MessageOfPerson, MessagesOfPerson } from '../messages-of-person.ts';
import { RevokeMessages, RevokeMessagesHandler } from '../revoke-messages/revoke-messages.ts';
import { beginErasure, subjects } from '../subject.ts';
import { erasureStream, subjectStream } from '../subject-events.ts';

/** Who is to be erased: by the address, or, where only the record knows them, by the id. */
export type WhomToErase = { readonly address: MailAddress } | { readonly personId: PersonId };

export type Erasure =
  | {
      readonly outcome: 'erased';
      readonly personId: PersonId;
      readonly revokedMessages: number;
      /** Carriers that waited to leave and will not. */
      readonly withdrawnCarriers: number;
      /** Carriers on their way to others that name the person; they leave the disk as they are sent. */
      readonly carriersToOthers: number;
      readonly endedSessions: number;
    }
  | { readonly outcome: 'already-erased'; readonly personId: PersonId; readonly erasedAt: Instant }
  /** Nobody is known by that address or id, nor was: an erased person's address is nobody's. */
  | { readonly outcome: 'unknown' };

/**
 * Erases a person for good: revokes the unexpired messages to them, takes back what waits in the outbox, records it, destroys their key and
 * whatever finds them by their address, and ends their sessions. May be repeated until it answers.
 */
export class EraseSubject extends Command<Erasure> {
  readonly whom: WhomToErase;
  readonly mandate: Mandate;

  constructor(whom: WhomToErase, mandate: Mandate) {
    super();
    this.whom = whom;
    this.mandate = mandate;
  }
}

/** A process is writing or sending a mail of the person at this moment; nothing was destroyed yet. */
export class CarriersUnderWay extends DomainError {
  constructor(count: number) {
    super(
      'carriers-under-way',
      `mails of that person are being sent at this moment (${count}): erase again in a minute`,
    );
  }
}

/** What erasure reaches into; null is what this installation, or this machine, does not have. */
export interface ErasureReach {
  readonly persons: PersonDirectory;
  readonly messages: MessagesOfPerson;
  readonly outbox: Outbox | null;
  readonly sessions: EphemeralStore | null;
}

@CommandHandler(EraseSubject)
export class EraseSubjectHandler implements ICommandHandler<EraseSubject> {
  constructor(
    private readonly store: EventStore,
    private readonly reach: ErasureReach,
    private readonly clock: Clock,
  ) {}

  /** @throws UnderLegalHold, CarriersUnderWay; EventStoreUnavailable, PersonDirectoryUnavailable, OutboxUnavailable: then again later */
  async execute({ whom, mandate }: EraseSubject): Promise<Erasure> {
    const { persons } = this.reach;
    const personId = 'personId' in whom ? whom.personId : ((await persons.find(whom.address))?.personId ?? null);
    if (personId === null) {
      await this.withdraw(new Set(), addressIn(whom)); // this machine may have an outbox of its own
      await persons.erase(newPersonId()); // nobody: but an erasure that was interrupted is finished by this
      return { outcome: 'unknown' };
    }
    const standing = await standingOf(this.store, persons, personId);
    if (standing.is === 'erased' && (await persons.findById(personId)) === null) {
      return { outcome: 'already-erased', personId, erasedAt: standing.erasedAt };
    }
    const messages = await Array.fromAsync(this.reach.messages.of(personId));
    if (standing.is === 'unknown' && messages.length === 0) return { outcome: 'unknown' };
    // Officers name somebody by the id, and mails of others name them by the address: while the key is there, the record says it.
    const address = addressIn(whom) ?? (await this.reach.messages.addressOf(personId, persons));
    return this.erase(personId, address, messages, mandate);
  }

  private async erase(
    personId: PersonId,
    address: MailAddress | null,
    messages: readonly MessageOfPerson[],
    mandate: Mandate,
  ): Promise<Erasure> {
    const now = this.clock.now();
    await decideAndAppend(this.store, subjectStream(personId), subjects, (state) => beginErasure(state, mandate, now));
    const unexpired = messages
      .filter(({ part, expiresAt }) => part === 'recipient' && now < expiresAt)
      .map(({ messageId }) => messageId);
    const revoked = await this.revoke(unexpired, mandate);
    const { withdrawn, naming } = await this.withdraw(new Set(messages.map(({ messageId }) => messageId)), address);
    // What was taken back before it left opens for nobody either, whomever it was for.
    const revokedMessages = revoked + (await this.revoke(withdrawn, mandate));
    const data = { ...mandate, personId, erasedAt: now, revokedMessages, withdrawnCarriers: withdrawn.length };
    await decideAndAppend(this.store, erasureStream, erasedSubjects, (erased) =>
      erased.has(personId) ? [] : [{ type: 'SubjectErased' as const, data }],
    );
    await this.reach.persons.erase(personId);
    const { sessions } = this.reach;
    const endedSessions = sessions === null ? 0 : await endSessionsOf(sessions, personId);
    return {
      outcome: 'erased',
      personId,
      revokedMessages,
      withdrawnCarriers: withdrawn.length,
      carriersToOthers: naming,
      endedSessions,
    };
  }

  private async withdraw(
    messageIds: ReadonlySet<MessageId>,
    address: MailAddress | null,
  ): Promise<{ withdrawn: readonly MessageId[]; naming: number }> {
    const { outbox } = this.reach;
    if (outbox === null) return { withdrawn: [], naming: 0 };
    const found = await outbox.withdraw(
      ({ messageId, rcptTo, mailFrom, sender }) =>
        messageIds.has(messageId) || rcptTo === address || mailFrom === address || sender === address,
      address,
    );
    if (found.underWay > 0) throw new CarriersUnderWay(found.underWay);
    return found;
  }

  private async revoke(messageIds: readonly MessageId[], mandate: Mandate): Promise<number> {
    const handler = new RevokeMessagesHandler(this.store, this.clock);
    const why: Mandate = { ...mandate, reason: mandate.reason ?? 'erasure' };
    return (await handler.execute(new RevokeMessages(messageIds, why))).revoked;
  }
}

function addressIn(whom: WhomToErase): MailAddress | null {
  return 'address' in whom ? whom.address : null;
}
