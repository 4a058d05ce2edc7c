import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import { Agent, buildConnector, request } from 'undici';
import { DestinationUnreachable } from './destination-unreachable.ts';
import { AddressList, isPublicAddress } from './public-address.ts';

/** 256 KiB: threats.md A9. Metadata, keys and tokens of the large providers stay under a tenth of it. */
export const MAX_ANSWER_BYTES = 262_144;
/** 5 s from the first lookup to the last byte: threats.md A9. */
export const MAX_EXCHANGE_MS = 5_000;

/** Where one party outside may be spoken to; nobody else is. */
export interface EgressDestinations {
  /** `login.example.com`, or `login.example.com:8443` where the port is not the scheme's own. */
  readonly hosts: readonly string[];
  /** Addresses or CIDR ranges outside the public Internet that these hosts may have. Only to such is http spoken. None by default. */
  readonly privateAddresses?: readonly string[];
  /** Further certification authorities, PEM: an organisation's own, beside those that Node trusts. */
  readonly certificateAuthorities?: string;
}

export interface EgressQuestion {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Calls it off. */
  readonly signal?: AbortSignal;
}

export interface EgressAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface EgressOptions {
  /** All addresses of a name. The system's resolver by default. */
  readonly lookup?: (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
  /** Longer where nobody waits; shorter for tests of patience. */
  readonly exchangeMs?: number;
}

/**
 * The way out for what is asked of others over HTTP. Follows no redirect, takes no compressed body, heeds no proxy of the environment, keeps no
 * connection: every exchange checks anew which address it really reached, so that a name cannot change its mind (DNS rebinding).
 */
export class Egress {
  private readonly options: Required<EgressOptions>;

  constructor(options: EgressOptions = {}) {
    this.options = {
      lookup: options.lookup ?? ((hostname) => systemLookup(hostname, { all: true })),
      exchangeMs: options.exchangeMs ?? MAX_EXCHANGE_MS,
    };
  }

  /** @throws RangeError when a private address is not one */
  to(destinations: EgressDestinations): Passage {
    return new Passage(destinations, this.options);
  }
}

/** The way to one party outside. */
export class Passage {
  private readonly hosts: ReadonlySet<string>;
  private readonly privateAddresses: AddressList;
  private readonly exchangeMs: number;
  private readonly agent: Agent;

  constructor(destinations: EgressDestinations, options: Required<EgressOptions>) {
    this.hosts = new Set(destinations.hosts.map((host) => host.toLowerCase()));
    this.privateAddresses = new AddressList(destinations.privateAddresses ?? []);
    this.exchangeMs = options.exchangeMs;
    const connectorFor = (scheme: string) =>
      buildConnector({
        allowH2: false,
        rejectUnauthorized: true, // said outright, or NODE_TLS_REJECT_UNAUTHORIZED in the environment would decide it
        timeout: options.exchangeMs,
        lookup: guardedLookup(options.lookup, (address) => this.mayReach(address, scheme)),
        ...(destinations.certificateAuthorities === undefined
          ? {}
          : { ca: [...rootCertificates, destinations.certificateAuthorities] }),
      } as buildConnector.BuildOptions);
    const connectors = { 'https:': connectorFor('https:'), 'http:': connectorFor('http:') };
    this.agent = new Agent({
      pipelining: 0, // no keep-alive: a POST on a connection that the other side just closed cannot be told from one that was lost
      maxHeaderSize: 16_384,
      connect: (target, callback) => {
        const scheme = target.protocol === 'https:' ? 'https:' : 'http:';
        connectors[scheme](target, (...[fault, socket]) => {
          if (fault !== null) return callback(fault, null);
          if (this.mayReach(socket.remoteAddress ?? '', scheme)) return callback(null, socket);
          socket.destroy();
          callback(new DestinationUnreachable('connected to an address that is not listed'), null);
        });
      },
    });
  }

  /** Whether a browser or we may be sent there: https on a listed host, or http where private addresses are listed. */
  permits(url: URL): boolean {
    return this.refusalOf(url) === null;
  }

  /**
   * One exchange. Any status below 500 but a redirect comes back as it is.
   * @throws DestinationUnreachable for everything else
   */
  async ask(url: URL, question: EgressQuestion = {}): Promise<EgressAnswer> {
    const refusal = this.refusalOf(url);
    if (refusal !== null) throw new DestinationUnreachable(`${url.host}: ${refusal}`);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const deadline = new AbortController();
    const end = (why: string) => {
      const fault = new DestinationUnreachable(why);
      reject(fault); // undici heeds the signal only once it is connected
      deadline.abort(fault);
    };
    const alarm = setTimeout(() => end('took longer than an exchange may'), this.exchangeMs);
    const callOff = () => end('was called off');
    question.signal?.addEventListener('abort', callOff);
    try {
      if (question.signal?.aborted === true) callOff();
      return await Promise.race([this.exchange(url, question, deadline.signal), late]);
    } catch (cause) {
      if (cause instanceof DestinationUnreachable) throw new DestinationUnreachable(`${url.host}: ${cause.message}`);
      throw new DestinationUnreachable(`${url.host}: ${wordOf(cause)}`, { cause });
    } finally {
      clearTimeout(alarm);
      question.signal?.removeEventListener('abort', callOff);
    }
  }

  private async exchange(
    url: URL,
    { method = 'GET', headers = {}, body }: EgressQuestion,
    signal: AbortSignal,
  ): Promise<EgressAnswer> {
    const answer = await request(url, {
      dispatcher: this.agent,
      method,
      headers: { accept: 'application/json', ...headers, 'accept-encoding': 'identity' },
      body: body ?? null,
      signal,
      headersTimeout: 0, // both counted by the deadline
      bodyTimeout: 0,
    });
    try {
      return {
        status: answer.statusCode,
        headers: plainHeaders(answer.headers),
        body: await boundedBody(answer.statusCode, answer.headers, answer.body),
      };
    } finally {
      answer.body.on('error', () => undefined).destroy(); // what was not read is not waited for
    }
  }

  private refusalOf(url: URL): string | null {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'neither https nor http';
    if (url.username !== '' || url.password !== '') return 'an address with a password in it';
    if (!this.hosts.has(url.host)) return 'not a listed host';
    if (url.protocol === 'http:' && this.privateAddresses.isEmpty) return 'http, and no private address is listed';
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !this.mayReach(literal, url.protocol)) return 'not a listed address';
    return null;
  }

  private mayReach(address: string, scheme: string): boolean {
    return this.privateAddresses.has(address) || (scheme === 'https:' && isPublicAddress(address));
  }
}

/** One address that may not be reached spoils the name: a name that is half ours is a trick or a mistake. */
function guardedLookup(
  resolve: Required<EgressOptions>['lookup'],
  mayReach: (address: string) => boolean,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) return callback(new DestinationUnreachable('the name has no address'), '', 0);
        if (!addresses.every(({ address }) => mayReach(address))) {
          return callback(new DestinationUnreachable('the name has an address that is not listed'), '', 0);
        }
        if (options.all === true) return callback(null, [...addresses]);
        callback(null, first.address, first.family);
      },
      (fault: NodeJS.ErrnoException) => callback(fault, '', 0),
    );
  };
}

type AnyHeaders = Readonly<Record<string, string | string[] | undefined>>;

async function boundedBody(status: number, headers: AnyHeaders, body: AsyncIterable<Buffer>): Promise<Uint8Array> {
  if (status >= 300 && status < 400) throw new DestinationUnreachable('answered with a redirect');
  if (status >= 500 || status === 429) throw new DestinationUnreachable(`answered with status ${status}`);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new DestinationUnreachable('sent a compressed body');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new DestinationUnreachable('sent a body that is too large'); // leaving the loop closes the connection
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function plainHeaders(headers: AnyHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

/** The stable word of a system's or undici's error (`ECONNREFUSED`, `UND_ERR_SOCKET`): its message may quote what was sent. */
function wordOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'no answer';
}
