import { Injectable } from '@nestjs/common';
import { begunParameters, OwnBridgeClient, OwnBridgeUnavailable } from '#libs/oidc-bridge';
import { AddressRefused, DomainError, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';
import { consoleRolesIn } from '../roles.ts';
import type { ConsoleRole } from '../roles.ts';
import { ConsoleSettings } from '../settings.ts';
import type { ConsoleSignIn } from './console-sign-ins.ts';

/** An account of the organisation, as the bridge says it. */
export interface ProvenAccount {
  readonly address: MailAddress;
  readonly method: string;
  /** Who vouched. */
  readonly issuer: string;
  readonly roles: readonly ConsoleRole[];
}

/** The answer is none that the console takes. */
export class ConsoleSignInRefused extends DomainError {
  constructor(options?: ErrorOptions) {
    super('console-sign-in-refused', undefined, options);
  }
}

/** The console as a client of the bridge. */
@Injectable()
export class BridgeOfConsole {
  private readonly client: OwnBridgeClient;

  constructor({ client }: ConsoleSettings) {
    this.client = new OwnBridgeClient(client);
  }

  /** Where the browser goes. The bridge serves no other browser than this one. @throws OwnBridgeUnavailable */
  begin(attempt: ConsoleSignIn, browserId: string, locale: Locale): Promise<URL> {
    return this.client.begin(attempt, { ui_locales: locale, ...begunParameters({ browserId, path: '/console' }) });
  }

  /** @throws ConsoleSignInRefused, OwnBridgeUnavailable */
  async finish(answer: URLSearchParams, attempt: ConsoleSignIn): Promise<ProvenAccount> {
    const claims = await this.client.finish(answer, attempt).catch((cause: unknown) => {
      throw isOfProtocol(cause) ? new ConsoleSignInRefused({ cause }) : asUnavailable(cause);
    });
    const { email, email_verified: isVerified, segl_proof: proof, roles } = (claims ?? {}) as Record<string, unknown>;
    const { method, issuer } = (proof ?? {}) as Record<string, unknown>;
    if (isVerified !== true || typeof method !== 'string' || typeof issuer !== 'string' || method === 'passcode')
      throw new ConsoleSignInRefused();
    return { address: canonical(email), method, issuer, roles: consoleRolesIn(roles) };
  }
}

/** openid-client names what is wrong with an answer or a token by a code of its own; what has none did not reach the bridge. */
function isOfProtocol(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && code.startsWith('OAUTH_') && code !== 'OAUTH_TIMEOUT';
}

function asUnavailable(error: unknown): OwnBridgeUnavailable {
  return error instanceof OwnBridgeUnavailable ? error : new OwnBridgeUnavailable({ cause: error });
}

/** The bridge hands out canonical addresses; one that is not has been somewhere else. */
function canonical(email: unknown): MailAddress {
  try {
    const address = parseMailAddress(String(email));
    if (address === email) return address;
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
  }
  throw new ConsoleSignInRefused();
}
