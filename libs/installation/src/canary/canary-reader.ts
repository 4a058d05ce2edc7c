import { CanaryStopped } from './canary-run.ts';

/** 20 s: who waits longer for a page has left. */
const PAGE_SECONDS = 20;
const MAX_HOPS = 10;

interface Page {
  readonly status: number;
  readonly body: string;
  readonly location: string | null;
  readonly path: string;
}

/**
 * A reader as one with a browser without script is: pages, forms and cookies of the portal at its public address, and nothing else of it. Each step is answered with where
 * it led; whoever has another page than the next one before them stops.
 */
export class CanaryReader {
  private readonly cookies = new Map<string, string>();

  constructor(
    private readonly publicUrl: URL,
    private readonly signal: AbortSignal,
    private readonly ask: typeof fetch = fetch,
  ) {}

  /** As the button in the attachment does. @returns the path of the message's page. @throws CanaryStopped */
  async open(ciphertext: Uint8Array): Promise<string> {
    const answer = await this.request('/open', `m=${Buffer.from(ciphertext).toString('base64url')}`, {
      origin: 'null',
    });
    const path = answer.location ?? '';
    if (!/^\/m\/[a-z2-7]{32}$/.test(path)) throw unexpected('POST /open', answer, 'the page of the message');
    return path;
  }

  /** @returns the page where the code is entered. @throws CanaryStopped */
  async askForCode(messagePath: string): Promise<Page> {
    await this.request(messagePath);
    const choice = await this.follow(await this.request(`${messagePath}/prove`));
    const action = /action="(\/sign-in\/[^"/]+\/code)"/.exec(choice.body)?.[1];
    if (action === undefined) throw unexpected(`${messagePath}/prove`, choice, 'the page with the button for a code');
    const enter = await this.follow(await this.submit(choice, action));
    if (!/action="\/prove\/code\/[^"]+"/.test(enter.body)) throw unexpected(action, enter, 'the page for the code');
    return enter;
  }

  /** @returns the page that asks for the confirming click. @throws CanaryStopped */
  async enterCode(enter: Page, code: string, messagePath: string): Promise<Page> {
    const action = /action="(\/prove\/code\/[^"/]+)"/.exec(enter.body)?.[1] ?? '';
    const confirm = await this.follow(await this.submit(enter, action, { code }));
    if (!confirm.body.includes(`action="${messagePath}/view"`))
      throw unexpected(action, confirm, 'the page that asks for the last click');
    return confirm;
  }

  /** @throws CanaryStopped unless those words are on the page */
  async view(confirm: Page, messagePath: string, words: string): Promise<void> {
    const shown = await this.submit(confirm, `${messagePath}/view`);
    if (shown.status !== 200 || !shown.body.includes(words))
      throw unexpected(`POST ${messagePath}/view`, shown, 'the message');
    await this.submit(shown, `${messagePath}/finish`); // nothing waits longer than it must
  }

  /** What the mail with the code to that page is told by, beside others'. */
  referencesIn({ body }: Page): readonly string[] {
    const hint = /id="code-hint">([^<]*)</.exec(body)?.[1] ?? '';
    return hint.match(/\b[A-Z2-7]{4}\b/g) ?? [];
  }

  private async follow(answer: Page): Promise<Page> {
    let here = answer;
    for (let hops = 0; here.location !== null; hops++) {
      if (hops === MAX_HOPS) throw new CanaryStopped(`${here.path} led on and on`);
      here = await this.request(here.location);
    }
    return here;
  }

  private submit(page: Page, action: string, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    return this.request(action, new URLSearchParams({ csrf, ...fields }).toString());
  }

  /** @param form what is posted; without it the page is only asked for */
  private async request(to: string, form?: string, more: Readonly<Record<string, string>> = {}): Promise<Page> {
    const url = new URL(to, this.publicUrl);
    if (url.origin !== this.publicUrl.origin) throw new CanaryStopped('a page led away from the public address');
    const headers = {
      'accept-language': 'en',
      'user-agent': 'Segl-Canary',
      ...(this.cookies.size > 0 && { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
      ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...more,
    };
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(PAGE_SECONDS * 1000)]);
    const method = form === undefined ? 'GET' : 'POST';
    try {
      const given = { method, headers, signal, redirect: 'manual', ...(form !== undefined && { body: form }) } as const;
      const response = await this.ask(url, given);
      this.keepCookies(response.headers.getSetCookie());
      const location = response.headers.get('location') ?? refreshOf(response.headers);
      const leadsTo = location === null ? null : new URL(location, url);
      const isHere = leadsTo?.origin === this.publicUrl.origin;
      return {
        status: response.status,
        body: await response.text(),
        location: leadsTo === null ? null : isHere ? leadsTo.pathname + leadsTo.search : leadsTo.href,
        path: url.pathname,
      };
    } catch (cause) {
      const { code } = (cause as { cause?: { code?: string } }).cause ?? {};
      throw new CanaryStopped(`${method} ${url.pathname} was not answered (${code ?? (cause as Error).name})`, {
        cause,
      });
    }
  }

  private keepCookies(set: readonly string[]): void {
    for (const text of set) {
      const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(text) ?? [];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(attributes)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}

/** A page that leads on by itself, without a redirect. */
function refreshOf(headers: Headers): string | null {
  return /^0; ?url=(.+)$/.exec(headers.get('refresh') ?? '')?.[1] ?? null;
}

/** Never what stands on the page: it may name people. */
function unexpected(asked: string, { status, path }: Page, wanted: string): CanaryStopped {
  return new CanaryStopped(`${asked} led to ${path} with ${status}, and not to ${wanted}`);
}
