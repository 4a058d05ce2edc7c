import { errors } from 'oidc-provider';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import {
  changeJson,
  EphemeralStoreFull,
  EphemeralStoreUnavailable,
  getJson,
  isFlag,
  isText,
  listOf,
  recordOf,
} from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import { ephemeralKey } from './ephemeral-names.ts';
import { LIFETIME_SECONDS } from './lifetimes.ts';

/** Far over anything there is (a pushed request of 2 kB), and far under what a record may hold. */
const MAX_PAYLOAD_BYTES = 16 * 1024;
/** What one grant may lead to: its code and one token. */
const MAX_OF_A_GRANT = 16;

/** Never kept: the bridge has no sign-on session. One lives as long as the request that it is made in, and nothing finds it again. */
const UNSAVED = new Set(['Session']);

/**
 * What the provider has to remember, in the ephemeral store: bounded by it, shared by every process on it, gone with it. A
 * dump of keys takes nothing, and no value holds its own id. Single use is decided by one atomic step of the store, where the
 * library itself looks first and writes afterwards:
 * - a code and a pushed request are consumed by one caller; whoever comes second takes with them what the first one got
 *   (RFC 9700 §2.1.1, RFC 6749 §4.1.2);
 * - the `jti` of a client's assertion is remembered by one caller, the others are refused (RFC 7523 §3 No. 7).
 *
 * Throws `temporarily_unavailable` when the store cannot be asked or has no room.
 */
export class StoreAdapter implements Adapter {
  constructor(
    private readonly model: string,
    private readonly store: EphemeralStore,
  ) {}

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    if (UNSAVED.has(this.model)) return;
    if (expiresIn === undefined) throw new TypeError(`${this.model} without an end`);
    const { jti: _, ...kept } = payload;
    const bytes = Buffer.from(JSON.stringify(kept));
    if (bytes.length > MAX_PAYLOAD_BYTES) throw new errors.InvalidRequest('the request is too large');
    const key = ephemeralKey(this.model, id);
    await orUnavailable(async () => {
      if (expiresIn <= 0) return this.store.delete(key);
      if (this.model === 'ReplayDetection') return this.remember(key, bytes, expiresIn);
      await this.store.put(key, bytes, this.secondsToKeep(expiresIn));
      if (typeof payload.grantId === 'string') await this.addToGrant(payload.grantId, key);
    });
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    if (UNSAVED.has(this.model)) return undefined;
    const found = await orUnavailable(() => getJson(this.store, ephemeralKey(this.model, id), parsePayload));
    return found === null ? undefined : { ...found, jti: id };
  }

  /** Only sessions are ever looked for by it, and those are not kept. */
  async findByUid(_uid: string): Promise<undefined> {}

  /** Of the device flow, which is off. */
  async findByUserCode(_userCode: string): Promise<undefined> {}

  /** @throws InvalidGrant, InvalidRequestUri for whoever comes second, be it by a microsecond */
  async consume(id: string): Promise<void> {
    const key = ephemeralKey(this.model, id);
    const bytes = await orUnavailable(() => this.store.get(key));
    const payload = bytes === null ? null : parsePayload(JSON.parse(Buffer.from(bytes).toString('utf8')));
    const isFirst =
      bytes !== null &&
      payload !== null &&
      payload.consumed === undefined &&
      (await orUnavailable(() => this.store.compareAndSet(key, bytes, consumed(payload), this.secondsToKeep(0))));
    if (isFirst) return;
    if (typeof payload?.grantId === 'string') await this.revokeByGrantId(payload.grantId);
    throw this.model === 'PushedAuthorizationRequest'
      ? new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
      : new errors.InvalidGrant({ detail: 'already consumed' });
  }

  async destroy(id: string): Promise<void> {
    if (UNSAVED.has(this.model)) return;
    await orUnavailable(() => this.store.delete(ephemeralKey(this.model, id)));
  }

  /** Everything that came of the grant, whatever its model. What comes later is not kept either: see addToGrant. */
  async revokeByGrantId(grantId: string): Promise<void> {
    await orUnavailable(async () => {
      let keys: readonly string[] = [];
      await changeJson(this.store, ephemeralKey('grant-members', grantId), parseMembers, (members) => {
        keys = members?.keys ?? [];
        return { value: { keys: [], isRevoked: true }, ttlSeconds: LIFETIME_SECONDS.grant };
      });
      await this.store.delete(ephemeralKey('Grant', grantId));
      for (const key of keys) await this.store.delete(key as EphemeralKey);
    });
  }

  /**
   * A token that is born while its grant is being revoked is not kept, in whichever order the two arrive: the one whose code
   * came first still gets its answer, and a token in it that is good for nothing.
   */
  private async addToGrant(grantId: string, key: EphemeralKey): Promise<void> {
    const members = await changeJson(
      this.store,
      ephemeralKey('grant-members', grantId),
      parseMembers,
      (current): { value: GrantMembers; ttlSeconds: number } | 'leave' =>
        current?.isRevoked === true
          ? 'leave'
          : {
              value: { keys: [...new Set([...(current?.keys ?? []), key])].slice(-MAX_OF_A_GRANT), isRevoked: false },
              ttlSeconds: LIFETIME_SECONDS.grant,
            },
    );
    if (members?.isRevoked === true) await this.store.delete(key);
  }

  private async remember(key: EphemeralKey, bytes: Uint8Array, seconds: number): Promise<void> {
    if (await this.store.putIfAbsent(key, bytes, seconds)) return;
    throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
  }

  /**
   * A pushed request is answered once, also by the last of several interactions that were begun with it; a code is known for
   * a while after its use, so that a second use is seen as one. Their own `exp` stands in the payload, and counts.
   */
  private secondsToKeep(expiresIn: number): number {
    switch (this.model) {
      case 'PushedAuthorizationRequest':
        return LIFETIME_SECONDS.pushedRequest + LIFETIME_SECONDS.interaction;
      case 'AuthorizationCode':
        return LIFETIME_SECONDS.grant;
      default:
        return expiresIn;
    }
  }
}

interface GrantMembers {
  readonly keys: readonly string[];
  readonly isRevoked: boolean;
}

const parseMembers = recordOf<GrantMembers>({ keys: listOf(isText), isRevoked: isFlag });

function parsePayload(json: unknown): AdapterPayload | null {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as AdapterPayload) : null;
}

function consumed(payload: AdapterPayload): Uint8Array {
  return Buffer.from(JSON.stringify({ ...payload, consumed: Math.floor(Date.now() / 1000) }));
}

/** @throws TemporarilyUnavailable when the store cannot be asked or has no room */
export async function orUnavailable<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (!(cause instanceof EphemeralStoreUnavailable || cause instanceof EphemeralStoreFull)) throw cause;
    const error = new errors.TemporarilyUnavailable('try again in a minute', { cause });
    error.status = error.statusCode = 503;
    throw error;
  }
}
