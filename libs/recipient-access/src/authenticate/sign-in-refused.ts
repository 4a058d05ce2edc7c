import type { SignInFailure } from '#libs/oidc-bridge';
import { DomainError } from '#libs/vocabulary';

/** The answer of the identity provider is not what this portal accepts. The reason is for the record alone. */
export class SignInRefused extends DomainError {
  readonly reason: SignInFailure;

  constructor(reason: SignInFailure, options?: ErrorOptions) {
    super('sign-in-refused', reason, options);
    this.reason = reason;
  }
}

const REASONS_BY_CLAIM: Readonly<Record<string, SignInFailure>> = {
  iss: 'wrong-issuer',
  aud: 'wrong-audience',
  azp: 'wrong-audience',
  nonce: 'wrong-nonce',
};

/** What openid-client found wrong with an answer, in the words of the record; null when the provider could not be asked at all. */
export function refusalOf(error: unknown): SignInFailure | null {
  const { code, cause, error: oauthError } = (error ?? {}) as { code?: unknown; cause?: unknown; error?: unknown };
  switch (code) {
    case 'OAUTH_AUTHORIZATION_RESPONSE_ERROR':
      return oauthError === 'access_denied' ? 'cancelled' : 'provider-error';
    case 'OAUTH_RESPONSE_BODY_ERROR':
      return oauthError === 'invalid_grant' ? 'replayed' : 'provider-error';
    case 'OAUTH_INVALID_RESPONSE':
      return reasonOfInvalid(cause);
    case 'OAUTH_JWT_CLAIM_COMPARISON_FAILED':
      return REASONS_BY_CLAIM[claimIn(cause) ?? ''] ?? 'token-invalid';
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
    case 'OAUTH_PARSE_ERROR':
      return 'token-invalid';
    case 'OAUTH_KEY_SELECTION_FAILED':
    case 'OAUTH_UNSUPPORTED_OPERATION':
      return 'token-signature';
    default:
      return null;
  }
}

/** openid-client puts the same code on what is wrong with the callback and with a token; its own cause says which. */
function reasonOfInvalid(cause: unknown): SignInFailure {
  const text = String((cause as { message?: unknown } | null)?.message ?? '');
  if (/"iss"/.test(text)) return 'wrong-issuer';
  if (/signature|"alg"/i.test(text)) return 'token-signature';
  if (/nonce/i.test(text)) return 'wrong-nonce';
  return 'token-invalid';
}

function claimIn(cause: unknown): string | null {
  for (let inner = cause, depth = 0; inner !== null && typeof inner === 'object' && depth < 4; depth++) {
    const { claim, cause: next } = inner as { claim?: unknown; cause?: unknown };
    if (typeof claim === 'string') return claim;
    inner = next ?? null;
  }
  return null;
}
