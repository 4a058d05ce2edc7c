/** What a test browser was shown. */
export interface TestPage {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** What a person reads: the body without tags, white space folded, entities resolved. */
  readonly text: string;
}

/** A browser as far as forms and cookies go: keeps cookies, sends the CSRF field of the page it is on, follows nothing by itself. */
export class TestBrowser {
  readonly cookies = new Map<string, string>();
  private csrf = '';

  constructor(private readonly baseUrl: string) {}

  get(path: string, headers: Record<string, string> = {}): Promise<TestPage> {
    return this.ask(path, { headers });
  }

  head(path: string): Promise<TestPage> {
    return this.ask(path, { method: 'HEAD', headers: {} });
  }

  /** Posts a form as a browser does. A `csrf` among the fields replaces the one of the page it is on. */
  post(path: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<TestPage> {
    return this.ask(path, { method: 'POST', body: new URLSearchParams({ csrf: this.csrf, ...fields }), headers });
  }

  /** GETs where the last answer pointed to, until an answer points nowhere. */
  async follow(page: TestPage): Promise<TestPage> {
    let current = page;
    for (let hops = 0; current.status >= 300 && current.status < 400; hops++) {
      if (hops === 10) throw new Error('redirected in a circle');
      current = await this.get(current.headers.get('location') ?? '/');
    }
    return current;
  }

  private async ask(path: string, init: RequestInit & { headers: Record<string, string> }): Promise<TestPage> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...init.headers };
    const response = await fetch(path.startsWith('/') ? this.baseUrl + path : new URL(path, this.baseUrl), {
      ...init,
      headers,
      redirect: 'manual',
    });
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      this.cookies.set(name, value);
    }
    const html = await response.text();
    this.csrf = /name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? this.csrf;
    return { status: response.status, headers: response.headers, html, text: readableText(html) };
  }
}

const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#x27': "'",
  '#x60': '`',
  '#x3D': '=',
};

function readableText(html: string): string {
  return html
    .replace(/<(head|style)\b.*?<\/\1>/gs, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&([#\w]+);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .replace(/\s+/g, ' ')
    .trim();
}
