import {
  changeJson,
  getJson,
  isFlag,
  isText,
  listOf,
  orAbsent,
  putJson,
  recordLike,
  recordOf,
  takeJson,
} from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import { isReaderIdentity } from '#libs/oidc-bridge';
import type { ReaderIdentity, SignInMethod } from '#libs/oidc-bridge';
import { digestOf, isSameDigest, isWithin, secondsBetween } from '#libs/vocabulary';
import type { EventId, Instant, MailAddress, PersonId } from '#libs/vocabulary';

/** That somebody who held this browser's session could, at that time, read the mail of an address. Never an account. */
export interface ProofInSession {
  readonly address: MailAddress;
  readonly personId: PersonId;
  readonly method: SignInMethod;
  /** Who vouched, and for whom: the pair names an account at an identity provider, or the bridge and a person for a passcode. */
  readonly issuer: string;
  readonly subject: string;
  /** The event of the sign-in. Absent in a session that an older release began. */
  readonly signInId?: EventId;
  readonly provenAt: Instant;
  readonly reader?: ReaderIdentity;
}

/** What a browser has proven to the portal. Lives in the ephemeral store under a digest of the browser's session id. */
export interface PortalSession {
  readonly startedAt: Instant;
  readonly proofs: readonly ProofInSession[];
  /** That its longest time lies beside it. Absent in a session that an older release began. */
  readonly hasLongestTime?: boolean;
}

export interface SessionLimits {
  /** Seconds without a request after which the session ends. */
  readonly sessionIdleSeconds: number;
  /** Seconds after sign-in when it ends in any case. */
  readonly sessionMaxSeconds: number;
}

/**
 * Portal sessions: begun by a sign-in alone, each sign-in under a new id, so that one proof never extends another. Beside each lies its longest
 * time, which nothing extends: the store's time only goes forward, and a clock that was set back gives nobody a session that lasts longer than
 * the list by which it is found and ended.
 */
export class PortalSessions {
  constructor(
    private readonly store: EphemeralStore,
    private readonly limits: SessionLimits,
  ) {}

  async begin(sessionId: string, proof: ProofInSession, now: Instant): Promise<void> {
    const session: PortalSession = { startedAt: now, proofs: [proof], hasLongestTime: true };
    const ttlSeconds = this.limits.sessionMaxSeconds;
    await this.store.put(longestTimeOf(keyOf(sessionId)), Buffer.of(1), ttlSeconds);
    // Then the list, so that no session is there that an erasure could not find: what falls off it, ends. Who ends all of the list before the
    // session is there takes its longest time away, without which it is none.
    let fallenOff: readonly string[] = [];
    await changeJson(this.store, listKeyOf(proof.personId), parseKeys, (keys) => {
      const all = [...(keys ?? []), keyOf(sessionId)];
      fallenOff = all.slice(0, -MAX_SESSIONS_LISTED);
      return { value: all.slice(-MAX_SESSIONS_LISTED), ttlSeconds };
    });
    for (const key of fallenOff) await deleteSession(this.store, key as EphemeralKey);
    await putJson(this.store, keyOf(sessionId), session, this.remainingSeconds(session, now));
  }

  /** The session as it stands, its idle time begun anew; null when there is none or its time is over. */
  async touch(sessionId: string, now: Instant): Promise<PortalSession | null> {
    const session = await getJson(this.store, keyOf(sessionId), parseSession);
    if (session === null) return null;
    const seconds = this.remainingSeconds(session, now);
    if (seconds <= 0 || (await this.isPastLongestTime(sessionId, session))) {
      await this.end(sessionId);
      return null;
    }
    await this.store.extend(keyOf(sessionId), seconds);
    return session;
  }

  async end(sessionId: string): Promise<void> {
    await deleteSession(this.store, keyOf(sessionId));
  }

  /** What is open of the same persons beside this session: in other browsers, or begun earlier in this one. */
  async besides(sessionId: string, { proofs }: PortalSession): Promise<readonly OpenSession[]> {
    const open = await Promise.all(proofs.map(({ personId }) => openSessionsOf(this.store, personId)));
    return open.flat().filter(({ key }) => key !== keyOf(sessionId));
  }

  /** This session and all that is open of the same persons, in whichever browser. */
  async endEverywhere(sessionId: string, { proofs }: PortalSession): Promise<void> {
    for (const { personId } of proofs) await endSessionsOf(this.store, personId);
    await this.end(sessionId);
  }

  private async isPastLongestTime(sessionId: string, { hasLongestTime = false }: PortalSession): Promise<boolean> {
    return hasLongestTime && (await this.store.get(longestTimeOf(keyOf(sessionId)))) === null;
  }

  private remainingSeconds(session: PortalSession, now: Instant): number {
    return Math.min(
      this.limits.sessionIdleSeconds,
      this.limits.sessionMaxSeconds - secondsBetween(session.startedAt, now),
    );
  }
}

/** 15 minutes since the sign-in: who ends sessions elsewhere has proven the address just now (ASVS 5.0 7.5.2). */
const FRESH_SECONDS = 900;

export function mayEndOthers({ startedAt }: PortalSession, now: Instant): boolean {
  return isWithin(FRESH_SECONDS, startedAt, now);
}

/** Byte for byte: what is mailed, proven and compared is one string. */
export function proofOf(session: PortalSession | null, address: MailAddress): ProofInSession | null {
  return session?.proofs.find((proof) => isSameDigest(digestOf(proof.address), digestOf(address))) ?? null;
}

/**
 * Ends every session that proves to be that person, on every process that shares the store. @returns how many were open at most
 * @throws EphemeralStoreUnavailable
 */
export async function endSessionsOf(store: EphemeralStore, personId: PersonId): Promise<number> {
  const keys = (await takeJson(store, listKeyOf(personId), parseKeys)) ?? [];
  for (const key of keys) await deleteSession(store, key as EphemeralKey);
  return keys.length;
}

/** One that is open, whoever holds it. */
export interface OpenSession {
  /** Under which it lies: opens nothing. */
  readonly key: EphemeralKey;
  readonly startedAt: Instant;
  readonly method: SignInMethod;
}

/** Of one person, oldest first. Those of other processes are there where the store is shared. @throws EphemeralStoreUnavailable */
export async function openSessionsOf(store: EphemeralStore, personId: PersonId): Promise<readonly OpenSession[]> {
  const open: OpenSession[] = [];
  for (const listed of (await getJson(store, listKeyOf(personId), parseKeys)) ?? []) {
    const key = listed as EphemeralKey;
    const session = await getJson(store, key, parseSession);
    const proof = session?.proofs.find((one) => one.personId === personId);
    if (session !== null && proof !== undefined) open.push({ key, startedAt: session.startedAt, method: proof.method });
  }
  return open;
}

/** The 100 youngest: more sessions than one person has, and a record that stays small. */
const MAX_SESSIONS_LISTED = 100;

function listKeyOf(personId: PersonId): EphemeralKey {
  return `sessions:${personId}`;
}

const parseKeys = (json: unknown): string[] | null =>
  Array.isArray(json) && json.every(isText) ? (json as string[]) : null;

/** A digest, so that a dump of the store's keys opens no session. */
function keyOf(sessionId: string): EphemeralKey {
  return `session:${digestOf(sessionId)}`;
}

function longestTimeOf(key: EphemeralKey): EphemeralKey {
  return `session-longest:${key.slice(key.indexOf(':') + 1)}`;
}

async function deleteSession(store: EphemeralStore, key: EphemeralKey): Promise<void> {
  await store.delete(key);
  await store.delete(longestTimeOf(key));
}

const parseSession = recordOf<PortalSession>({
  startedAt: isText,
  hasLongestTime: orAbsent(isFlag),
  proofs: listOf(
    recordLike<ProofInSession>({
      ...{ address: isText, personId: isText, method: isText, issuer: isText, subject: isText },
      ...{ signInId: orAbsent(isText), provenAt: isText, reader: orAbsent(isReaderIdentity) },
    }),
  ),
});
