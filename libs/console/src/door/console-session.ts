import {
  changeJson,
  EphemeralStore,
  getJson,
  isText,
  listOf,
  orAbsent,
  putJson,
  recordOf,
} from '#libs/ephemeral-store';
import type { EphemeralKey } from '#libs/ephemeral-store';
import { digestOf, plusSeconds, secondsBetween } from '#libs/vocabulary';
import type { Instant, MailAddress, PersonId } from '#libs/vocabulary';
import { Injectable } from '@nestjs/common';
import type { ConsoleRole } from '../roles.ts';
import { ConsoleSettings } from '../settings.ts';

/** Why somebody asks, said once for all that is asked until it is said anew. */
export interface Case {
  readonly caseNumber?: string;
  readonly reason?: string;
}

/** Somebody who is signed in at the console, in one browser. */
export interface ConsoleSession {
  readonly personId: PersonId;
  /** Of the account, as its provider proved it. */
  readonly address: MailAddress;
  readonly roles: readonly ConsoleRole[];
  readonly startedAt: Instant;
  readonly openCase: Case;
}

/**
 * Sessions at the console: begun by a sign-in alone, under a session id of the browser that is new with it. They lie in the ephemeral
 * store under a digest of that id, beside the sessions of readers and apart from them. Beside each lies its longest time, which nothing extends: the
 * store's time only goes forward, and a clock that was set back gives nobody a longer session.
 */
@Injectable()
export class ConsoleSessions {
  constructor(
    private readonly store: EphemeralStore,
    private readonly settings: ConsoleSettings,
  ) {}

  async begin(sessionId: string, session: ConsoleSession): Promise<void> {
    await this.store.put(longestTimeOf(sessionId), Buffer.of(1), this.settings.sessionMaxSeconds);
    await putJson(this.store, keyOf(sessionId), session, this.secondsLeft(session, session.startedAt));
  }

  /** The session as it stands, its idle time begun anew; null when there is none or its time is over. */
  async touch(sessionId: string, now: Instant): Promise<ConsoleSession | null> {
    const session = await getJson(this.store, keyOf(sessionId), parseSession);
    if (session === null) return null;
    const seconds = this.secondsLeft(session, now);
    if (seconds <= 0 || (await this.store.get(longestTimeOf(sessionId))) === null) {
      await this.end(sessionId);
      return null;
    }
    await this.store.extend(keyOf(sessionId), seconds);
    return session;
  }

  /** From here on everything is asked for this case. */
  async openCase(sessionId: string, openCase: Case, now: Instant): Promise<void> {
    await changeJson(this.store, keyOf(sessionId), parseSession, (session) => {
      if (session === null) return 'leave';
      return { value: { ...session, openCase }, ttlSeconds: Math.max(1, this.secondsLeft(session, now)) };
    });
  }

  async end(sessionId: string): Promise<void> {
    await this.store.delete(keyOf(sessionId));
    await this.store.delete(longestTimeOf(sessionId));
  }

  /** When it ends in any case. */
  endOf({ startedAt }: ConsoleSession): Instant {
    return plusSeconds(startedAt, this.settings.sessionMaxSeconds);
  }

  private secondsLeft({ startedAt }: ConsoleSession, now: Instant): number {
    const { sessionIdleSeconds, sessionMaxSeconds } = this.settings;
    return Math.min(sessionIdleSeconds, sessionMaxSeconds - secondsBetween(startedAt, now));
  }
}

/** A digest, so that a dump of the store's keys opens no session. */
function keyOf(sessionId: string): EphemeralKey {
  return `console-session:${digestOf(sessionId)}`;
}

function longestTimeOf(sessionId: string): EphemeralKey {
  return `console-session-longest:${digestOf(sessionId)}`;
}

const parseCase = recordOf<Case>({ caseNumber: orAbsent(isText), reason: orAbsent(isText) });
const parseSession = recordOf<ConsoleSession>({
  ...{ personId: isText, address: isText, roles: listOf(isText), startedAt: isText },
  openCase: (value) => parseCase(value) !== null,
});
