/** What came back, with nothing followed. */
export interface BrowserAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Where it points to, whole; null when nowhere. */
  readonly location: URL | null;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly attributes: string;
}

/** Sends a request for the public address to where the portal really listens. A journey may go to several processes by turns. */
export type Transport = (url: URL, init: RequestInit) => Promise<Response>;

/**
 * A browser as far as a sign-in needs one: a jar that keeps paths apart and takes `__Host-` and `__Secure-` at their word, as
 * RFC 6265bis has it. It believes the public address, https and all. Follows nothing by itself.
 */
export class StrangerBrowser {
  private jar: Cookie[] = [];

  constructor(
    private readonly publicUrl: URL,
    private readonly transport: Transport,
  ) {}

  async get(address: URL | string, headers: Record<string, string> = {}): Promise<BrowserAnswer> {
    const url = new URL(address, this.publicUrl);
    const cookie = this.cookiesFor(url);
    const response = await this.transport(url, {
      redirect: 'manual',
      headers: { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...headers },
    });
    for (const text of response.headers.getSetCookie()) this.keep(text, url);
    const location = response.headers.get('location');
    return {
      status: response.status,
      headers: response.headers,
      body: await response.text(),
      location: location === null ? null : new URL(location, url),
    };
  }

  /** Follows within the portal, until an answer points elsewhere or nowhere. */
  async follow(answer: BrowserAnswer, until: (location: URL) => boolean = () => false): Promise<BrowserAnswer> {
    let current = answer;
    for (let hops = 0; hops < 10; hops++) {
      const { location } = current;
      if (location === null || location.origin !== this.publicUrl.origin || until(location)) return current;
      current = await this.get(location);
    }
    throw new Error('redirected in a circle');
  }

  cookies(): readonly Cookie[] {
    return this.jar;
  }

  forget(name: string): void {
    this.jar = this.jar.filter((cookie) => cookie.name !== name);
  }

  /** As a neighbouring host, or a script of one, could. */
  plant(name: string, value: string, path: string): void {
    this.jar.push({ name, value, path, attributes: '' });
  }

  private cookiesFor(url: URL): string {
    return this.jar
      .filter(({ path }) => url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .sort((one, other) => other.path.length - one.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  private keep(text: string, url: URL): void {
    const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(text) ?? [];
    const path = /;\s*path=([^;]+)/i.exec(attributes)?.[1] ?? '/';
    const isSecure = /;\s*secure/i.test(attributes);
    if (isSecure && url.protocol !== 'https:') return;
    if (name.startsWith('__Secure-') && !isSecure) return;
    if (name.startsWith('__Host-') && (!isSecure || path !== '/' || /;\s*domain=/i.test(attributes))) return;
    this.jar = this.jar.filter((cookie) => cookie.name !== name || cookie.path !== path);
    if (!/expires=thu, 01 jan 1970/i.test(attributes)) this.jar.push({ name, value, path, attributes });
  }
}
