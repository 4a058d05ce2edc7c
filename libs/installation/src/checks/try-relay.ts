import { tryNextHops } from '#libs/mail';
import { DomainError } from '#libs/vocabulary';
import type { Settings } from '../settings/settings.ts';

/** No next hop takes mail of ours now. */
export class NoNextHop extends DomainError {
  constructor(message: string) {
    super('relay-unavailable', message);
  }
}

/**
 * Tries every next hop as before a mail: EHLO, verified TLS, login; no mail. One is enough.
 * @returns how each stands. @throws NoNextHop where none is ready, RelayUrlRefused
 */
export async function tryRelay({ relayUrl = '', relay, publicUrl }: Settings): Promise<string> {
  const hops = await tryNextHops(relayUrl, { ...relay, heloName: new URL(publicUrl).hostname });
  const said = hops
    .map(({ where, isReady, said: how }) => `${where} ${isReady ? 'is ready' : 'is not'}: ${how}`)
    .join('; ');
  if (!hops.some(({ isReady }) => isReady)) throw new NoNextHop(said);
  return said;
}
