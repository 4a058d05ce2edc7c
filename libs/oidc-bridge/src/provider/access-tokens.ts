import { Injectable } from '@nestjs/common';
import { errors, jwtVerify } from 'jose';
import { Keyring } from '#libs/keyring';
import { Clock, DomainError } from '#libs/vocabulary';
import { OidcBridgeSettings } from '../settings.ts';
import type { ProgramScope } from '../settings.ts';
import { apiResourceOf, issuerOf } from './configuration.ts';
import { LIFETIME_SECONDS } from './lifetimes.ts';

export type AccessTokenRefusal = 'invalid' | 'expired' | 'insufficient-scope' | 'unknown-client';

/** Why is for the record and for RFC 6750 §3.1; the token itself stands nowhere. */
export class AccessTokenRefused extends DomainError {
  constructor(
    readonly reason: AccessTokenRefusal,
    /** Whose token it is, where that is proven all the same. */
    readonly clientId: string | null = null,
  ) {
    super('access-token-refused', reason);
  }
}

/** 2 kB: what we issue has a tenth of it. Nothing larger is looked at. */
const MAX_TOKEN_CHARACTERS = 2048;
/** Processes of one installation: their clocks are kept. */
const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Access tokens of programs (RFC 9068), verified with the keyring's public halves alone: a gateway has no private oidc key.
 * Asks nobody, keeps nothing. A key that was destroyed verifies nothing; what a client may do is what its configuration says
 * now, whatever the token says.
 */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly settings: OidcBridgeSettings,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /** @throws AccessTokenRefused */
  async verify(
    token: string,
    wanted: { readonly scope: ProgramScope },
  ): Promise<{ readonly clientId: string; readonly scopes: readonly ProgramScope[] }> {
    const { sub, client_id: clientId, scope } = await this.verifiedClaims(token);
    if (typeof clientId !== 'string' || sub !== clientId) throw new AccessTokenRefused('invalid');
    const client = this.settings.clients.find((candidate) => candidate.clientId === clientId);
    if (client?.kind !== 'program') throw new AccessTokenRefused('unknown-client');
    const named = typeof scope === 'string' ? scope.split(' ') : [];
    const scopes = client.scopes.filter((granted) => named.includes(granted));
    if (!scopes.includes(wanted.scope)) throw new AccessTokenRefused('insufficient-scope', clientId);
    return { clientId, scopes };
  }

  private async verifiedClaims(token: string) {
    if (token.length > MAX_TOKEN_CHARACTERS) throw new AccessTokenRefused('invalid');
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.publicKey(kid), {
        algorithms: ['ES256'],
        typ: 'at+jwt',
        issuer: issuerOf(this.settings.publicUrl),
        audience: apiResourceOf(this.settings.publicUrl),
        requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'jti'],
        maxTokenAge: LIFETIME_SECONDS.token,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(this.clock.now()),
      });
      if (Array.isArray(payload.aud)) throw new AccessTokenRefused('invalid'); // ours are for one audience
      return payload;
    } catch (error) {
      if (error instanceof AccessTokenRefused) throw error;
      throw new AccessTokenRefused(error instanceof errors.JWTExpired ? 'expired' : 'invalid');
    }
  }

  private publicKey(kid: string | undefined) {
    const key = this.keyring.oidcPublicKeys().find(({ keyId }) => keyId === kid);
    if (key === undefined) throw new AccessTokenRefused('invalid');
    return key.publicKey;
  }
}
