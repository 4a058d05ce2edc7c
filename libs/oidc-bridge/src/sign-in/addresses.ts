/**
 * Every address of the sign-in, once: controllers take theirs from this table, redirects and templates from `pathTo`.
 *
 * | address                                  | what it does                                               | leads to                       |
 * |------------------------------------------|------------------------------------------------------------|--------------------------------|
 * | GET  /sign-in/:uid                       | every way there is to prove the address                    | the next five                  |
 * | GET  /sign-in/:uid/with/:upstream        | begins at a provider; `another=account` after one there    | the provider                   |
 * | GET  /sign-in/callback/:upstream         | takes its answer, once, in the browser that began          | /finish, or back with a notice |
 * | GET  /sign-in/:uid/finish                | hands the proof on, or says whose account it was           | the client                     |
 * | POST /sign-in/:uid/code                  | begins a passcode                                          | /prove/code/:challengeId       |
 * | GET  /sign-in/:uid/code                  | takes the passcode's proof; begins one that the portal's   | the client, or /reader;        |
 * |                                          | own button asked for                                       | /prove/code/:challengeId       |
 * | GET, POST /sign-in/:uid/reader           | who reads at a shared mailbox: a name                      | the client                     |
 * | GET  /sign-in/:uid/reader/with/:upstream | the same by an account                                     | the provider                   |
 * | GET  /sign-in/:uid/cancel                | gives up                                                   | the client, with access_denied |
 */
export const SIGN_IN_ADDRESSES = {
  page: '/sign-in/:uid',
  withUpstream: '/sign-in/:uid/with/:upstream',
  callback: '/sign-in/callback/:upstream',
  finish: '/sign-in/:uid/finish',
  code: '/sign-in/:uid/code',
  reader: '/sign-in/:uid/reader',
  readerWithUpstream: '/sign-in/:uid/reader/with/:upstream',
  cancel: '/sign-in/:uid/cancel',
} as const;

type Addresses = typeof SIGN_IN_ADDRESSES;

type ParamsIn<Address extends string> = Address extends `${infer Before}/${infer After}`
  ? ParamsIn<Before> | ParamsIn<After>
  : Address extends `:${infer Name}`
    ? Name
    : never;

/** @param query what stands behind the `?`; a part that is null is left out */
export function pathTo<Name extends keyof Addresses>(
  name: Name,
  params: Readonly<Record<ParamsIn<Addresses[Name]>, string>>,
  query: Readonly<Record<string, string | null>> = {},
): string {
  const values: Readonly<Record<string, string>> = params;
  const path = SIGN_IN_ADDRESSES[name].replace(/:(\w+)/g, (_, param: string) =>
    encodeURIComponent(values[param] ?? ''),
  );
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== null);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** The sign-in that a path lies at or below; null when it lies elsewhere. @param path as it was requested, with or without a query */
export function uidInPath(path: string): string | null {
  return /^\/sign-in\/([^/?]+)/.exec(path)?.[1] ?? null;
}

/** One redirect URI for each provider (RFC 9700 §4.4.2.2). */
export function redirectUriOf({ id }: { readonly id: string }, { publicUrl }: { readonly publicUrl: URL }): string {
  return new URL(pathTo('callback', { upstream: id }), publicUrl).href;
}

/** Where the pages of one sign-in lead, for its templates. */
export interface SignInLinks {
  readonly code: string;
  readonly reader: string;
  readonly cancel: string;
}

export function linksOf(uid: string): SignInLinks {
  return { code: pathTo('code', { uid }), reader: pathTo('reader', { uid }), cancel: pathTo('cancel', { uid }) };
}
