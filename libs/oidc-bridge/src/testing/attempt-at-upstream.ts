import { randomBytes } from 'node:crypto';
import type { MailAddress } from '#libs/vocabulary';
import { UpstreamRefused } from '../upstreams/upstream.ts';
import type { KeptForUpstream, Upstream, UpstreamIdentity } from '../upstreams/upstream.ts';
import { followSignIn } from './follow-sign-in.ts';

/** Nobody listens there: the browser that is played here stops before it. */
export const NOWHERE = 'http://127.0.0.1:1/sign-in/callback/';

export interface StartedAttempt {
  readonly location: URL;
  readonly callback: URL;
  readonly redirectUri: string;
  readonly kept: KeptForUpstream;
}

/** Begins a sign-in and goes through the provider's pages as a browser would. Compares `state`, as whoever begins does. */
export async function attemptAt(upstream: Upstream, wantedAddress: MailAddress | null = null): Promise<StartedAttempt> {
  const redirectUri = `${NOWHERE}${upstream.id}`;
  const state = randomBytes(32).toString('base64url');
  const { location, kept } = await upstream.begin({ state, redirectUri, wantedAddress, locale: 'en' });
  const callback = await followSignIn(location, redirectUri);
  if (callback.searchParams.get('state') !== state) throw new Error('the provider answered another state');
  return { location, callback, redirectUri, kept };
}

/** A whole sign-in: who it proves, or the reason of the refusal. */
export async function outcomeAt(upstream: Upstream): Promise<UpstreamIdentity | string> {
  const attempt = await attemptAt(upstream);
  return outcomeOf(upstream.finish(attempt));
}

export async function outcomeOf(finishing: Promise<UpstreamIdentity>): Promise<UpstreamIdentity | string> {
  try {
    return await finishing;
  } catch (fault) {
    if (fault instanceof UpstreamRefused) return fault.reason;
    throw fault;
  }
}
