import { AuditClients, AuditNotAuthorised } from '#libs/audit-api';
import type { AuditScope } from '#libs/audit-api';
import { AccessTokenRefused } from '#libs/oidc-bridge';
import type { AccessTokens } from '#libs/oidc-bridge';

/** Programs that may ask the record, by the access tokens of the bridge and the scopes of the configuration. */
export class AuditorsWithTokens extends AuditClients {
  private readonly tokens: AccessTokens;

  constructor(tokens: AccessTokens) {
    super();
    this.tokens = tokens;
  }

  override async authorise(accessToken: string, scope: AuditScope): Promise<{ readonly clientId: string }> {
    try {
      return await this.tokens.verify(accessToken, { scope });
    } catch (error) {
      if (!(error instanceof AccessTokenRefused)) throw error;
      throw error.reason === 'insufficient-scope'
        ? new AuditNotAuthorised('insufficient_scope', error.clientId)
        : new AuditNotAuthorised('invalid_token');
    }
  }
}
