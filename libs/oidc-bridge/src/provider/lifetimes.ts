/** How long things of the bridge live, in seconds (threats.md A7, A8). */
export const LIFETIME_SECONDS = {
  /** From the authorization request to the answer: time to find a mail with a code in it. */
  interaction: 15 * 60,
  /** Good once, and no longer than this (RFC 9700 §2.1.1, RFC 6749 §4.1.2). */
  code: 60,
  /** Of ID tokens and access tokens: nothing refreshes them. */
  token: 5 * 60,
  /** From proving an address until a client has it. Past that, it is proven anew. */
  proof: 10 * 60,
  /** Holds together what one code led to. No longer than codes and tokens need it. */
  grant: 10 * 60,
  /** Written into a session that is thrown away when its request ends: see store-adapter.ts. */
  session: 10 * 60,
  /** RFC 9126 §2.2 leaves it to the server; the library has it fixed. */
  pushedRequest: 60,
  /** A client's assertion: what must be remembered against replay is bounded by this (RFC 7523 §3 No. 4 and 7). */
  clientAssertion: 5 * 60,
} as const;

/** Clocks of clients, and of our own processes, may be off by this much, in seconds: the library's own figure. */
export const CLOCK_TOLERANCE_SECONDS = 15;
