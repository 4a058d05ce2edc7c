import { Injectable } from '@nestjs/common';
import { recordAuditing, RefusalsRecorded } from '#libs/audit';
import { EventStore } from '#libs/event-store';
import { encryptPersonalData } from '#libs/keyring';
import type { Person } from '#libs/keyring';
import { Clock, newEventId } from '#libs/vocabulary';
import type { MailAddress, PersonId } from '#libs/vocabulary';

/** Says in the record that somebody's account is not enough: once a minute for each, with the number of those left out. */
@Injectable()
export class RefusedAtConsole {
  private readonly refusals = new RefusalsRecorded();

  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** Somebody who is signed in: whose address it is stands in the event of the sign-in. @throws EventStoreUnavailable */
  async record({ personId, asked }: { readonly personId: PersonId; readonly asked: string }): Promise<void> {
    await this.append(personId, asked);
  }

  /** Somebody whose account has no role here, and who is never signed in. @throws EventStoreUnavailable */
  async recordAtSignIn(person: Person, address: MailAddress): Promise<void> {
    await this.append(person.personId, 'sign-in', { person, address });
  }

  private async append(
    personId: PersonId,
    asked: string,
    proven?: { readonly person: Person; readonly address: MailAddress },
  ): Promise<void> {
    const refusedAt = this.clock.now();
    const othersSince = this.refusals.next(personId, refusedAt);
    if (othersSince === null) return;
    const id = newEventId();
    const address = proven && { address: encryptPersonalData(proven.person, id, 'address', proven.address) };
    const who = { askedBy: personId, personId, ...address };
    await recordAuditing(this.store, {
      ...{ id, type: 'AuditAccessRefused' },
      data: { ...who, through: 'console', asked, reason: 'insufficient-role', othersSince, refusedAt },
    });
  }
}
