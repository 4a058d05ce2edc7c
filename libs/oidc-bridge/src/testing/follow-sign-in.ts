/** More hops than any provider makes. */
const MAX_HOPS = 10;

/**
 * Follows a sign-in as a browser would, cookies and all, until the provider sends it back to `redirectUri`; answers that address.
 * @throws Error when a page comes instead, with the page's beginning
 */
export async function followSignIn(location: URL, redirectUri: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = location;
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const response = await fetch(at, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    const next = response.headers.get('location');
    const page = await response.text();
    if (next === null) throw new Error(`${at.pathname} answered ${response.status}: ${page.slice(0, 300)}`);
    at = new URL(next, at);
    if (at.href.startsWith(redirectUri)) return at;
  }
  throw new Error(`never came back to ${redirectUri}`);
}
