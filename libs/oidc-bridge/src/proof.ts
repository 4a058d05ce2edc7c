import { isFlag, isText, listOf, oneOf, orAbsent, orNull, recordLike, recordOf } from '#libs/ephemeral-store';
import type { FieldCheck } from '#libs/ephemeral-store';
import type { Instant, MailAddress, PersonId } from '#libs/vocabulary';
import type { ChallengeId } from '#libs/passcode';
import type { SignInAsk } from './begun-at-client.ts';
import type { SignInMethod } from './sign-in-events.ts';

/** Who somebody at a shared mailbox is, beside the mailbox itself: as they say, or as an account proved. */
export type ReaderIdentity =
  | { readonly kind: 'stated'; readonly name: string }
  | {
      readonly kind: 'account';
      readonly issuer: string;
      readonly subject: string;
      readonly address: MailAddress | null;
      /** In their own words, where the account by itself does not say who they are. */
      readonly name?: string;
    };

/** What the bridge hands a client: an address, and how it was proven. Nothing of an account beside its (issuer, subject). */
export interface BridgeProof {
  readonly address: MailAddress;
  readonly method: SignInMethod;
  /** Of the upstream that vouched; the bridge's own issuer for a passcode. */
  readonly issuer: string;
  /** Stable at that issuer: Google's `sub`, Microsoft's `tid.oid`; for a passcode the person id of the address. */
  readonly subject: string;
  readonly provenAt: Instant;
  /** Console roles, from an upstream of the organisation alone; empty for a passcode, always. */
  readonly roles: readonly string[];
  readonly reader?: ReaderIdentity;
  /** Whether a passcode was one of 80 bits. */
  readonly longCode?: boolean;
  /** The challenge by a code: names events of the record, and is for the portal alone. */
  readonly challengeId?: ChallengeId;
}

const isStated = recordLike<ReaderIdentity & { kind: 'stated' }>({ kind: oneOf('stated'), name: isText });
const isAccount = recordLike<ReaderIdentity & { kind: 'account' }>({
  ...{ kind: oneOf('account'), issuer: isText, subject: isText, address: orNull(isText) },
  name: orAbsent(isText),
});
export const isReaderIdentity: FieldCheck = (value) => isStated(value) || isAccount(value);

/** As it lies in the ephemeral store. */
export const parseBridgeProof = recordOf<BridgeProof>({
  ...{ address: isText, method: isText, issuer: isText, subject: isText, provenAt: isText, roles: listOf(isText) },
  ...{ reader: orAbsent(isReaderIdentity), longCode: orAbsent(isFlag), challengeId: orAbsent(isText) },
});

/** What the authorization request of a client asks of the sign-in page. */
export interface SignInRequest {
  /** Of this interaction: names its page, /sign-in/:uid, and grants nothing without the browser's cookie. */
  readonly uid: string;
  readonly clientId: string;
  readonly clientName: string;
  /** `portal`: our own; its addresses stand in sealed messages. `console`: never served by a passcode. */
  readonly clientKind: 'portal' | 'application' | 'console';
  /** `login_hint` in its one canonical form; null when the client names none, or something that is no address. */
  readonly wantedAddress: MailAddress | null;
  /** Person of the wanted address, when the directory knows one. */
  readonly personId: PersonId | null;
  /** Whether the reader asked for a code already, by the portal's own button. */
  readonly wantsCode: boolean;
  /** What the message that it is for asks; none for other clients. */
  readonly asks: readonly SignInAsk[];
}
