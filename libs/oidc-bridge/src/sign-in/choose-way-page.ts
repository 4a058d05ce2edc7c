import { maskAddress } from '#libs/vocabulary';
import type { TextKey } from '#libs/web-ui';
import type { SignInRequest } from '../proof.ts';
import type { OidcBridgeSettings } from '../settings.ts';
import type { Suitability } from '../upstreams/upstream.ts';
import { linksOf, pathTo } from './addresses.ts';
import type { SignInLinks } from './addresses.ts';
import type { Told } from './next-sign-in-step.ts';
import { accountWays, passcodeWay } from './ways-in.ts';
import type { AccountWay } from './ways-in.ts';

const NOTICES: Readonly<Record<Told, TextKey>> = {
  cancelled: 'signIn.told.cancelled',
  refused: 'signIn.told.refused',
  unreachable: 'signIn.told.unreachable',
  over: 'signIn.told.over',
  'too-many': 'signIn.told.tooMany',
  unnamed: 'signIn.told.unnamed',
};

const HINTS: Readonly<Record<Suitability, TextKey>> = {
  fits: 'signIn.hint.fits',
  'may-fit': 'signIn.hint.mayFit',
  'does-not-fit': 'signIn.hint.doesNotFit',
};

/** A provider's button. */
export interface AccountButton {
  readonly name: string;
  /** Path of this portal where it begins. */
  readonly path: string;
  readonly isPrimary: boolean;
  readonly isReachable: boolean;
  readonly hint: TextKey | null;
}

/** What stands on the sign-in page; everything that is not there is null, since templates are strict. */
export interface ChooseWayPage {
  readonly links: SignInLinks;
  readonly title: TextKey;
  readonly client: string;
  readonly isPortal: boolean;
  readonly isConsole: boolean;
  /** Masked: `a••••••@example.com`. Null when the client names none. */
  readonly address: string | null;
  readonly accounts: readonly AccountButton[];
  /** Whether no account goes with the address by itself. */
  readonly noneFits: boolean;
  readonly code: CodeForm | null;
  /** The code stands first where no account goes with the address. */
  readonly isCodeFirst: boolean;
  readonly isCodeBarred: boolean;
  readonly isCodeNotEnough: boolean;
  readonly hasNoWay: boolean;
  readonly notice: TextKey | null;
}

export interface CodeForm {
  /** Path that the form posts to. */
  readonly action: string;
  readonly isPrimary: boolean;
  /** Whether there are accounts beside it. */
  readonly isOneOfSeveral: boolean;
  readonly needsAddress: boolean;
  readonly entered: string;
  readonly error: TextKey | null;
}

export interface ChooseWayOptions {
  /** What was entered as an address and is none. */
  readonly entered?: { readonly text: string; readonly error: TextKey } | null;
  /** After an account that did not do: at which provider. Its button then asks for another account there. */
  readonly afterUpstream?: string;
}

export function chooseWayPage(
  signIn: SignInRequest,
  settings: Pick<OidcBridgeSettings, 'upstreams' | 'noPasscodeFor'>,
  told: unknown,
  { entered = null, afterUpstream }: ChooseWayOptions = {},
): ChooseWayPage {
  const { uid, clientKind, wantedAddress } = signIn;
  const ways = accountWays(signIn, settings);
  const passcode = passcodeWay(signIn, settings);
  const hasCode = passcode === 'offered' || passcode === 'for-any';
  const fits = ways.some(({ suits, upstream }) => suits === 'fits' && upstream.isReachable());
  const isCodeFirst = hasCode && (afterUpstream !== undefined || entered !== null || (wantedAddress !== null && !fits));
  return {
    links: linksOf(uid),
    title: titleOf(signIn, entered !== null),
    client: signIn.clientName,
    isPortal: clientKind === 'portal',
    isConsole: clientKind === 'console',
    address: wantedAddress && maskAddress(wantedAddress),
    accounts: accountButtons(
      ways,
      (upstream) =>
        pathTo('withUpstream', { uid, upstream }, { another: upstream === afterUpstream ? 'account' : null }),
      { hasPrimary: !isCodeFirst },
    ),
    noneFits: ways.length > 0 && wantedAddress !== null && !ways.some(({ suits }) => suits === 'fits'),
    code: hasCode
      ? {
          action: pathTo('code', { uid }),
          isPrimary: isCodeFirst || ways.length === 0,
          isOneOfSeveral: ways.length > 0,
          needsAddress: passcode === 'for-any',
          entered: entered?.text ?? '',
          error: entered?.error ?? null,
        }
      : null,
    isCodeFirst,
    isCodeBarred: passcode === 'barred',
    isCodeNotEnough: passcode === 'not-enough',
    hasNoWay: !hasCode && ways.length === 0,
    notice: noticeOf(told),
  };
}

/** @param pathWith where each provider begins */
export function accountButtons(
  ways: readonly AccountWay[],
  pathWith: (upstreamId: string) => string,
  { hasPrimary }: { readonly hasPrimary: boolean },
): AccountButton[] {
  const first = ways.find(({ upstream }) => upstream.isReachable());
  return ways.map((way) => ({
    name: way.upstream.name,
    path: pathWith(way.upstream.id),
    isPrimary: hasPrimary && way === first && (way.suits === 'fits' || way.suits === null),
    isReachable: way.upstream.isReachable(),
    hint: way.suits && HINTS[way.suits],
  }));
}

function titleOf({ clientKind, wantedAddress }: SignInRequest, hasError: boolean): TextKey {
  if (hasError) return 'signIn.titleWithError';
  return clientKind === 'console' || wantedAddress === null ? 'signIn.title' : 'signIn.titleOfAddress';
}

/** @returns null for what is no such word */
export function noticeOf(told: unknown): TextKey | null {
  return typeof told === 'string' && Object.hasOwn(NOTICES, told) ? NOTICES[told as Told] : null;
}
