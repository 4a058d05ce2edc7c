import { Injectable } from '@nestjs/common';
import { recordAuditing } from '#libs/audit';
import { EventStore } from '#libs/event-store';
import { encryptPersonalData, PersonDirectory } from '#libs/keyring';
import { Clock, newEventId } from '#libs/vocabulary';
import { ConsoleSessions } from '../door/console-session.ts';
import { RefusedAtConsole } from '../door/refused-at-console.ts';
import type { ProvenAccount } from './bridge-client.ts';

/** Makes a session of a proven account that has a role; both that and a refusal stand in the record first. */
@Injectable()
export class EnterConsole {
  constructor(
    private readonly store: EventStore,
    private readonly persons: PersonDirectory,
    private readonly sessions: ConsoleSessions,
    private readonly refused: RefusedAtConsole,
    private readonly clock: Clock,
  ) {}

  /**
   * @param nextSessionId made by the caller, which can set the cookie; asked once the record has it
   * @returns false for an account without a role. @throws what the stores throw: then nobody is let in
   */
  async enter(account: ProvenAccount, nextSessionId: () => string): Promise<boolean> {
    const { address, method, issuer, roles } = account;
    const person = await this.persons.findOrCreate(address);
    const { personId } = person;
    if (roles.length === 0) {
      await this.refused.recordAtSignIn(person, address);
      return false;
    }
    const id = newEventId();
    const signedInAt = this.clock.now();
    const proven = encryptPersonalData(person, id, 'address', address);
    await recordAuditing(this.store, {
      ...{ id, type: 'AuditorSignedIn' },
      data: { personId, address: proven, through: 'console', roles: [...roles], method, issuer, signedInAt },
    });
    await this.sessions.begin(nextSessionId(), { personId, address, roles, startedAt: signedInAt, openCase: {} });
    return true;
  }
}
