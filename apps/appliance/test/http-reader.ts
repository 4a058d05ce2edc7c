/** What a browser without script does, as plain requests: for stories that need many readers or odd bodies. */
export class HttpReader {
  /** By host (with its port, as if each had a name of its own), path and name: a sign-in in another tab has cookies of its own. */
  private cookies = new Map<string, Cookie>();

  /** @param address where its requests come from, where the portal trusts this machine as its proxy */
  constructor(
    readonly url: URL,
    private readonly address: string | null = null,
  ) {}

  async get(path: string): Promise<Answer> {
    return this.request(path, { method: 'GET' });
  }

  async head(path: string): Promise<Answer> {
    return this.request(path, { method: 'HEAD' });
  }

  /** Sends a form of the page that was last answered, with its token. */
  async submit(page: Answer, action: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.request(action, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrf: csrfOf(page), ...fields }).toString(),
    });
  }

  /** Somebody who has a copy of this browser's cookies, as they are now. */
  thief(): HttpReader {
    const thief = new HttpReader(this.url, this.address);
    thief.cookies = new Map(this.cookies);
    return thief;
  }

  /** Posts a carrier's field as the attachment does: from nowhere, with no cookie. Those that come back are kept. */
  async handIn(ciphertextField: string): Promise<Answer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: 'null' };
    return answerOf(await this.fetch('/open', { method: 'POST', headers, body: `m=${ciphertextField}` }, false));
  }

  /**
   * Goes where an answer leads, as a browser does, until there is a page, or until it leads to an address that the caller waits
   * for: a site, say, that is not really there.
   */
  async follow(answer: Answer, isAwaited: (location: URL) => boolean = () => false): Promise<Answer> {
    let here = answer;
    for (let hops = 0; ; hops++) {
      if (hops > 10) throw new Error(`led on and on, at last to ${here.location}`);
      const [, refreshed] = /^0; ?url=(.+)$/.exec(here.headers.get('refresh') ?? '') ?? [];
      const leadsTo = here.location || refreshed;
      if (leadsTo === undefined) return here;
      const location = new URL(leadsTo, here.at);
      if (isAwaited(location)) return { ...here, location: location.href };
      here = await this.get(location.href);
    }
  }

  /** The page on which a reader chooses how to sign in. */
  async signInPage(messagePath: string): Promise<Answer> {
    await this.get(messagePath);
    return this.follow(await this.get(`${messagePath}/prove`));
  }

  /** @returns the answer that leads to the page where the code is entered */
  async asksForACode(messagePath: string): Promise<Answer> {
    const page = await this.signInPage(messagePath);
    return this.submit(page, actionIn(page, /\/sign-in\/[^"/]+\/code/));
  }

  /** From the attachment to the page that asks for the confirming click. */
  async signInFor(messagePath: string): Promise<Answer> {
    const before = await mailIdsIn(this.url);
    const asked = await this.asksForACode(messagePath);
    const enter = await this.get(asked.location);
    const code = await newCode(this.url, before);
    return this.follow(await this.submit(enter, asked.location, { code }));
  }

  /** The bytes of a file that a form hands out. */
  async download(page: Answer, action: string): Promise<Buffer> {
    const csrf = csrfOf(page);
    const response = await this.fetch(action, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrf }).toString(),
    });
    return Buffer.from(await response.arrayBuffer());
  }

  async view(messagePath: string, confirm: Answer): Promise<Answer> {
    return this.submit(confirm, `${messagePath}/view`);
  }

  private async request(path: string, init: RequestInit): Promise<Answer> {
    return answerOf(await this.fetch(path, init));
  }

  private async fetch(path: string, init: RequestInit, sendsCookies = true): Promise<Response> {
    const url = new URL(path, this.url);
    const headers = new Headers(init.headers);
    headers.set('accept-language', 'en');
    if (this.address !== null) headers.set('x-forwarded-for', this.address);
    // A story may stand still between two requests (a command line run in it) for longer than a connection is kept.
    headers.set('connection', 'close');
    const cookies = [...this.cookies.values()].filter((cookie) => isFor(url, cookie));
    if (sendsCookies && cookies.length > 0)
      headers.set('cookie', cookies.map(({ name, value }) => `${name}=${value}`).join('; '));
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const text of response.headers.getSetCookie()) {
      const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(text) ?? [];
      const cookie = { host: url.host, path: /;\s*path=([^;]+)/i.exec(attributes)?.[1] ?? '/', name, value };
      const key = `${cookie.host} ${cookie.path} ${name}`;
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(attributes)) this.cookies.delete(key);
      else this.cookies.set(key, cookie);
    }
    return response;
  }
}

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
}

/** RFC 6265 §5.1.4. */
function isFor({ host, pathname }: URL, cookie: Cookie): boolean {
  const below = cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`;
  return cookie.host === host && (pathname === cookie.path || pathname.startsWith(below));
}

function csrfOf(page: Answer): string {
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1];
  if (csrf === undefined) throw new Error(`no form on the page:\n${page.body}`);
  return csrf;
}

/** Where a form of the page leads. */
function actionIn(page: Answer, pattern: RegExp): string {
  const action = pattern.exec(page.body)?.[0];
  if (action === undefined) throw new Error(`no such form on the page (${page.status}):\n${page.body}`);
  return action;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
  /** The address that answered. */
  readonly at: string;
  /** Where a redirect leads; empty otherwise. */
  readonly location: string;
}

export async function answerOf(response: Response): Promise<Answer> {
  const location = response.headers.get('location') ?? '';
  const { status, headers, url: at } = response;
  return { status, headers, at, body: await response.text(), location };
}

/** The ciphertext in a carrier or its message.html, as its form would send it. No pattern: it may be megabytes long. */
export function carrierFieldOf(carrier: string): string {
  const opening = '<input type="hidden" name="m" value="';
  const start = carrier.indexOf(opening);
  const end = carrier.indexOf('"', start + opening.length);
  if (start < 0 || end < 0) throw new Error(`no carrier:\n${carrier.slice(0, 2000)}`);
  return carrier.slice(start + opening.length, end).replace(/\s+/g, '');
}

/** On a connection of its own: a story that stands still for a while would find a kept one closed by the other side. */
function ask(url: URL): Promise<Response> {
  return fetch(url, { headers: { connection: 'close' } });
}

/** The ciphertext of the newest sealed mail in the demonstration's mailbox. */
export async function newestCarrierField(url: URL): Promise<string> {
  for (const id of await mailIdsIn(url)) {
    const page = await ask(new URL(`/demo/mailbox/${id}/message.html`, url));
    if (page.status === 200) return carrierFieldOf(await page.text());
  }
  throw new Error('no sealed mail in the mailbox');
}

/** The mails in the demonstration's mailbox, newest first. */
export async function mailIdsIn(url: URL): Promise<string[]> {
  const list = await (await ask(new URL('/demo/mailbox', url))).text();
  return [...list.matchAll(/href="\/demo\/mailbox\/([^"]+)"/g)].map(([, id = '']) => id);
}

/** The code in a mail, or null when it is no code mail. */
export async function codeIn(url: URL, mailId: string): Promise<string | null> {
  const mail = await (await ask(new URL(`/demo/mailbox/${mailId}`, url))).text();
  return /\b(\d{4} \d{4}|(?:[A-Z2-7]{4} ){3}[A-Z2-7]{4})\b/.exec(mail)?.[1] ?? null;
}

/** The code that came since those mails lay there. */
export async function newCode(url: URL, before: readonly string[]): Promise<string> {
  const seen = new Set(before);
  for (let look = 0; look < 100; look++) {
    for (const mailId of await mailIdsIn(url)) {
      if (seen.has(mailId)) continue;
      seen.add(mailId);
      const code = await codeIn(url, mailId);
      if (code !== null) return code;
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error('the code never came');
}
