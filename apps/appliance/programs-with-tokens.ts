import { SealingClients, SealingNotAuthorised } from '#libs/gateway';
import type { MessageAsker, SealingClient } from '#libs/gateway';
import type { SignInSettings } from '#libs/installation';
import { AccessTokenRefused } from '#libs/oidc-bridge';
import type { AccessTokens } from '#libs/oidc-bridge';

/** Programs by the access tokens of the bridge. Who was taken out of the configuration is nobody, however good the token. */
export class ProgramsWithTokens extends SealingClients {
  private readonly tokens: AccessTokens;
  private readonly clients: ReadonlyMap<string, SealingClient>;

  constructor(tokens: AccessTokens, { clients }: SignInSettings) {
    super();
    this.tokens = tokens;
    this.clients = new Map(
      clients
        .filter(({ scopes }) => scopes.includes('messages:seal'))
        .map(({ clientId, senders }) => [clientId, { clientId, senders }]),
    );
  }

  override async authorise(accessToken: string): Promise<SealingClient> {
    try {
      const { clientId } = await this.tokens.verify(accessToken, { scope: 'messages:seal' });
      const client = this.clients.get(clientId);
      if (client !== undefined) return client;
    } catch (error) {
      if (!(error instanceof AccessTokenRefused)) throw error;
      if (error.reason === 'insufficient-scope') throw new SealingNotAuthorised('insufficient_scope');
    }
    throw new SealingNotAuthorised('invalid_token');
  }

  override async asker(accessToken: string): Promise<MessageAsker> {
    try {
      const { clientId } = await this.tokens.verify(accessToken, { scope: 'messages:revoke' });
      return { clientId, mayAskAboutAll: true };
    } catch (error) {
      if (!(error instanceof AccessTokenRefused)) throw error;
      if (error.reason !== 'insufficient-scope') throw new SealingNotAuthorised('invalid_token');
    }
    const { clientId } = await this.authorise(accessToken);
    return { clientId, mayAskAboutAll: false };
  }
}
