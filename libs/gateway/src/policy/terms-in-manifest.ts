import type { MessageTerm } from '#libs/sealing';
import type { SealTerms } from './policy.ts';

/** What a seal's manifest and event say of the rule that it was sealed by. The lifetime stands there as the time of expiry. */
export function termsInManifest(
  rule: string,
  {
    mayDownload,
    mayReply,
    mayForward,
    proof,
    isSharedMailbox,
  }: Omit<SealTerms, 'lifetimeSeconds' | 'carrierSubject' | 'carrierText'>,
): { readonly policy: string; readonly terms: readonly MessageTerm[] } {
  const holds: Readonly<Record<MessageTerm, boolean>> = {
    account: proof === 'account',
    'no-download': !mayDownload,
    'no-forward': !mayForward,
    'no-reply': !mayReply,
    'shared-mailbox': isSharedMailbox,
  };
  return { policy: rule, terms: (Object.keys(holds) as MessageTerm[]).filter((term) => holds[term]) };
}
