import { Agent, request } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http';
import { followSignIn } from '../../libs/oidc-bridge/src/testing/follow-sign-in.ts';
import { SENDER } from './portal-process.ts';
import type { PortalProcess } from './portal-process.ts';

export interface Answer {
  readonly status: number;
  readonly location: string;
  readonly body: Buffer;
}

/** A body that hands a carrier in. */
export interface HandIn {
  readonly contentType: string;
  readonly body: Buffer;
}

/** For what may be asked twice. A POST has a connection of its own, as a kept one may be closed at that moment. */
const agent = new Agent({ keepAlive: true });

export function exchange(
  port: number,
  method: 'GET' | 'POST',
  path: string,
  headers: OutgoingHttpHeaders = {},
  body?: Buffer,
): Promise<Answer & { readonly cookies: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        ...{ host: '127.0.0.1', port, method, path, agent: method === 'GET' ? agent : false },
        headers: {
          host: `localhost:${port}`,
          'accept-language': 'en',
          ...(body ? { 'content-length': body.length } : {}),
          ...headers,
        },
      },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.once('error', reject);
        answer.once('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            location: answer.headers.location ?? '',
            cookies: answer.headers['set-cookie'] ?? [],
            body: Buffer.concat(pieces),
          }),
        );
      },
    );
    asked.once('error', (error: NodeJS.ErrnoException) => {
      // a kept connection that the server closed at that moment, as it may
      const isToBeRepeated = asked.reusedSocket && error.code === 'ECONNRESET' && method === 'GET';
      if (isToBeRepeated) exchange(port, method, path, headers, body).then(resolve, reject);
      else reject(error);
    });
    asked.end(body);
  });
}

/** The carrier of a mail to one recipient, from the API. */
export async function seal(portal: PortalProcess, recipient: string, mail: Buffer): Promise<Buffer> {
  const { port, publicUrl, program } = portal;
  const path = `/api/v1/messages?from=${SENDER}&to=${recipient}&deliver=false`;
  const token = await program.accessToken(port, publicUrl);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'message/rfc822' };
  const { status, body } = await exchange(port, 'POST', path, headers, mail);
  if (status !== 201) throw new Error(`sealing was answered ${status}: ${body.toString('utf8', 0, 500)}`);
  return body;
}

/** What a browser sends when the button in message.html is pressed: each line end of the field escaped. */
export function asForm(carrier: Buffer): HandIn {
  const start = carrier.indexOf('name="m" value="') + 'name="m" value="'.length;
  const field = carrier.subarray(start, carrier.indexOf('"', start)).toString('latin1');
  return urlencoded(`m=${field.replaceAll('\r\n', '%0D%0A')}`);
}

export function urlencoded(text: string): HandIn {
  return { contentType: 'application/x-www-form-urlencoded', body: Buffer.from(text, 'latin1') };
}

/** The same carrier, or anything else, as a file chosen on the page at `/`. */
export function asFile(content: Buffer): HandIn {
  const boundary = '----segl-bench-7MA4YWxkTrZu0gW';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="carrier"; filename="message.eml"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

/** From nowhere, with no cookie, as the attachment does it. */
export function handIn(port: number, { contentType, body }: HandIn): ReturnType<typeof exchange> {
  return exchange(port, 'POST', '/open', { 'content-type': contentType, origin: 'null' }, body);
}

/** A browser without script that reads several messages to one address. */
export class PortalReader {
  /** Asked of the portal so far. */
  requests = 0;
  private readonly port: number;
  private readonly cookies = new Map<string, string>();

  constructor(port: number) {
    this.port = port;
  }

  /** From hand-in to a proven address, once for all that follows. */
  async signIn(carrier: Buffer): Promise<void> {
    const location = await this.handIn(asForm(carrier));
    const confirm = await this.proveByCode(location, () => this.code());
    await this.submit(confirm, `${location}/finish`);
  }

  /** Only the browser that handed a carrier in can begin a sign-in for it. @returns where its message is */
  async handIn(carrier: HandIn): Promise<string> {
    const { status, location, cookies } = await handIn(this.port, carrier);
    if (status !== 303) throw new Error(`hand-in was answered ${status}`);
    this.keep(cookies);
    return location;
  }

  /** From the message's page to the one that asks for the confirming click. @param codeOf what came by mail */
  async proveByCode(message: string, codeOf: () => Promise<string>): Promise<Answer> {
    const choice = await this.choiceOf(message);
    const action = /action="(\/sign-in\/[^"/]+\/code)"/.exec(choice.body.toString())?.[1] ?? '';
    const asked = await this.submit(choice, action);
    const entering = await this.get(asked.location);
    const code = encodeURIComponent(await codeOf());
    return this.proven(await this.submit(entering, asked.location, `&code=${code}`));
  }

  /** The same, at a provider that asks its people nothing. */
  async proveByAccount(message: string, publicUrl: URL): Promise<Answer> {
    const choice = await this.choiceOf(message);
    const way = /href="(\/sign-in\/[^"]+\/with\/[^"]+)"/.exec(choice.body.toString())?.[1] ?? '';
    const { location } = await this.get(way);
    const back = await followSignIn(new URL(location), new URL('/sign-in/callback/', publicUrl).href);
    return this.proven(await this.get(back.pathname + back.search));
  }

  /** The page on which a reader chooses how to sign in. */
  private async choiceOf(message: string): Promise<Answer> {
    await this.get(message);
    return this.follow(await this.get(`${message}/prove`));
  }

  private async proven(answer: Answer): Promise<Answer> {
    const confirm = await this.follow(answer);
    if (!/\/view"/.test(confirm.body.toString()))
      throw new Error(`not signed in: ${confirm.body.toString('utf8', 0, 3000)}`);
    return confirm;
  }

  /** Goes where an answer leads, until there is a page. */
  private async follow(answer: Answer): Promise<Answer> {
    let here = answer;
    for (; here.location !== ''; here = await this.get(here.location));
    return here;
  }

  /** Everything between the button in the attachment and the last byte of the message's page. */
  async open(carrier: HandIn): Promise<{ location: string; page: Answer }> {
    const location = await this.handIn(carrier);
    let page = await this.view(location);
    for (; page.status === 503; page = await this.view(location))
      await new Promise((resume) => setTimeout(resume, 250)); // many at once
    if (page.status !== 200) throw new Error(`view was answered ${page.status}: ${page.body.toString('utf8', 0, 500)}`);
    return { location, page };
  }

  private async view(location: string): Promise<Answer> {
    return this.submit(await this.get(location), `${location}/view`);
  }

  /** What waits is forgotten, so that the next hand-in is a first one again. */
  async finish({ location, page }: { location: string; page: Answer }): Promise<void> {
    await this.submit(page, `${location}/finish`);
  }

  /** The same, of a message that was handed in and not looked at. */
  async forget(location: string): Promise<void> {
    await this.submit(await this.get(location), `${location}/finish`);
  }

  private async code(): Promise<string> {
    for (let look = 0; look < 500; look++) {
      const list = (await this.get('/demo/mailbox')).body.toString();
      for (const [, id = ''] of list.matchAll(/href="\/demo\/mailbox\/([^"]+)"/g)) {
        const code = /\b(\d{4} \d{4})\b/.exec((await this.get(`/demo/mailbox/${id}`)).body.toString())?.[1];
        if (code) return code;
      }
      await new Promise((resume) => setTimeout(resume, 20));
    }
    throw new Error('no code came: an address gets three an hour');
  }

  private get(path: string): Promise<Answer> {
    return this.ask('GET', path);
  }

  private submit(page: Answer, path: string, fields = ''): Promise<Answer> {
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.body.toString())?.[1];
    if (csrf === undefined) throw new Error(`no form on the page (${page.status})`);
    return this.ask('POST', path, Buffer.from(`csrf=${encodeURIComponent(csrf)}${fields}`));
  }

  private async ask(method: 'GET' | 'POST', path: string, body?: Buffer): Promise<Answer> {
    this.requests += 1;
    const { pathname, search } = new URL(path, 'http://here'); // whatever host it is behind for others
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = body ? { cookie, 'content-type': 'application/x-www-form-urlencoded' } : { cookie };
    const { cookies, ...answer } = await exchange(this.port, method, pathname + search, headers, body);
    this.keep(cookies);
    return answer;
  }
  private keep(cookies: readonly string[]): void {
    for (const set of cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(set)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}
