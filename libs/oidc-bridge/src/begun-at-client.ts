import { isFlag, isText, listOf, orAbsent, orNull, recordOf } from '#libs/ephemeral-store';
import { digestOf } from '#libs/vocabulary';

/**
 * What our own portal or console, a client on the bridge's own host, says in its pushed request of the browser that began it there. The
 * request is authenticated, so nobody else says it. Without it, somebody could begin a sign-in and have its link opened by the
 * person whose address is wanted: they would prove it, for a journey that is not theirs.
 */
export interface BegunAtClient {
  /** web-ui `Browser.id`: one cookie for the portal and the bridge. */
  readonly browserId: string;
  /** Path of the portal from which it began, and where it goes on when the sign-in is over. */
  readonly path: string;
  /** Whether the reader pressed a button that sends a code: the sign-in page then asks no second time. Default no. */
  readonly wantsCode?: boolean;
  /** Default none. */
  readonly asks?: readonly SignInAsk[];
}

/**
 * What a message asks of the sign-in that it is opened by, beside what the organisation asks of all: `account`, no passcode; `reader`, who
 * reads at an address that several people read.
 */
export type SignInAsk = (typeof SIGN_IN_ASKS)[number];
const SIGN_IN_ASKS = ['account', 'reader'] as const;

/** Names of the parameters, which the bridge takes of our own clients alone. */
export const BEGUN_PARAMETERS = ['segl_browser', 'segl_begun_at', 'segl_way', 'segl_asks'] as const;

/** A path of this portal, and nothing that a browser could take for another host. */
const LOCAL_PATH = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,200}$/;

/** The parameters as they are pushed: a digest, since the id itself is half of a secret. */
export function begunParameters({
  browserId,
  path,
  wantsCode = false,
  asks = [],
}: BegunAtClient): Readonly<Record<string, string>> {
  return {
    segl_browser: browserMark(browserId),
    segl_begun_at: path,
    ...(wantsCode && { segl_way: 'code' }),
    ...(asks.length > 0 && { segl_asks: asks.join(' ') }),
  };
}

export function browserMark(browserId: string): string {
  return digestOf(`segl-begun-at-client\0${browserId}`);
}

/** Which browser an interaction belongs to: the one that the client named, else the one that opened it first. */
export interface Tie {
  readonly browserMark: string;
  /** Null where the client did not say. */
  readonly begunAt: string | null;
  /** Absent where an older release wrote it. */
  readonly wantsCode?: boolean;
  readonly asks?: readonly SignInAsk[];
}

/** @param params of the authorization request. @param openedBy null outside web-ui, in a test. @returns null for nobody's */
export function tieOf(params: Readonly<Record<string, unknown>>, isOurs: boolean, openedBy: string | null): Tie | null {
  const { segl_browser: named, segl_begun_at: path, segl_way: way, segl_asks: asks } = params;
  const mark = isOurs && typeof named === 'string' ? named : openedBy && browserMark(openedBy);
  if (mark === null) return null;
  const begunAt = isOurs && typeof path === 'string' && LOCAL_PATH.test(path) ? path : null;
  return { browserMark: mark, begunAt, wantsCode: isOurs && way === 'code', asks: isOurs ? asksIn(asks) : [] };
}

export const parseTie = recordOf<Tie>({
  browserMark: isText,
  begunAt: orNull(isText),
  wantsCode: orAbsent(isFlag),
  asks: orAbsent(listOf(isText)),
});

/** A word that this release does not know asks for an account: the most there is to ask. */
function asksIn(text: unknown): readonly SignInAsk[] {
  if (typeof text !== 'string') return [];
  const words = text.split(' ').map((word) => SIGN_IN_ASKS.find((ask) => ask === word) ?? 'account');
  return [...new Set(words)];
}
