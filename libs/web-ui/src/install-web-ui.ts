import { Logger } from '@nestjs/common';
import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express } from 'express';
import { Assets } from './assets.ts';
import { bodyInTime } from './body-in-time.ts';
import type { CookieKeys } from './browser-session.ts';
import { parseTrustedProxies } from './client-network.ts';
import type { ProxyHeader } from './client-network.ts';
import { isAt } from './compared-paths.ts';
import { ErrorFilter } from './error-filter.ts';
import type { UnexpectedError } from './error-filter.ts';
import type { UnavailableReport } from './unavailable-causes.ts';
import { STORE_ERRORS } from './error-pages.ts';
import type { ErrorPages } from './error-pages.ts';
import { leadOnFromFormerHosts } from './former-hosts.ts';
import { FRAME_FITTING } from './frame-fitting.ts';
import { forms } from './forms.ts';
import { inTurn } from './in-turn.ts';
import { assetsOf, shownOrganisation } from './organisation/shown-organisation.ts';
import type { PortalOrganisation } from './organisation/portal-organisation.ts';
import { LOCALES } from './locales/translate.ts';
import type { Locale } from './locales/translate.ts';
import { rendering } from './rendering.ts';
import { RequestFacts } from './request-facts.ts';
import { toOriginForm } from './request-target.ts';
import { headersOfRefusal, securityHeaders } from './security-headers.ts';
import { logFieldsOf } from './log-fields.ts';
import { refuseHosts, refuseInsteadOfNode } from './refuse-unparsed.ts';
import type { ViewEngine } from './view-engine.ts';

export interface WebUiOptions {
  readonly publicUrl: URL;
  /** Names that the portal had earlier: what comes by them is led on to `publicUrl`. Default none. */
  readonly formerHosts?: readonly string[];
  readonly organisation: PortalOrganisation;
  readonly views: ViewEngine;
  readonly keys: CookieKeys;
  /** Whether browsers shall reach every host below the portal's by https alone (RFC 6797 §6.1.2). Default no. */
  readonly hstsIncludesSubDomains?: boolean;
  /** Languages offered, the first for whoever wants none of them. Default: all, English first. */
  readonly locales?: readonly Locale[];
  /** `SEGL_TRUSTED_PROXIES`: addresses and networks. Default none. */
  readonly trustedProxies?: readonly string[];
  /** The header that they write; default `x-forwarded-for`. */
  readonly proxyHeader?: ProxyHeader;
  /** Paths whose requests read their own body and carry no CSRF field. */
  readonly streamPrefixes?: readonly string[];
  /** Until the whole of a body must be here that is no upload. Default: BODY_SECONDS. */
  readonly bodySeconds?: number;
  /** Paths that programs ask: errors as problem details. */
  readonly programPrefixes?: readonly string[];
  /** Tables of the rooms; a later one wins. */
  readonly errorPages?: readonly ErrorPages[];
  /** With whose accounts readers can sign in, as the buttons name them: pages speak of accounts only if there are any. None by default. */
  readonly accountProviders?: readonly string[];
  /** Whether readers can get a code by mail. Default yes. */
  readonly hasCodes?: boolean;
  /** Every page then says that it is a demonstration. */
  readonly isDemonstration?: boolean;
  /** What all counts of a period may tell of one person, for the privacy page (`telemetry`). Null: nothing is counted. */
  readonly counting?: { readonly epsilon: number; readonly periodDays: number } | null;
  readonly onUnexpected?: (report: UnexpectedError) => void;
  /** Called for what was behind a foreseen answer of 5xx, of each code once a minute. */
  readonly onUnavailable?: (report: UnavailableReport) => void;
  /** Called for every error page, for counting: the stable code, never its words, and what distinguishes visits (in memory only). */
  readonly onError?: (kind: string, status: number) => void;
}

/** Hand a carrier in, the API, and a file to verify: all stream, and read their own bodies, as `/oidc` does. */
export const STREAM_PREFIXES: readonly string[] = ['/open', '/api', '/oidc', '/console/verify/file'];
export const PROGRAM_PREFIXES: readonly string[] = ['/api'];
/** What an older name of the portal still serves itself. */
const SERVED_AT_FORMER_HOSTS: readonly string[] = ['/open', '/healthz'];
/** Where bodies may be large: the rooms there hold them to a pace (pacedBody). What lies below has no such room. */
const PACED_PATHS: readonly string[] = ['/open', '/api/v1/messages', '/console/verify/file'];

/**
 * Gives an app its web face: headers, language, browser sessions, forms with CSRF, assets, views and error pages. Called once,
 * before `app.init()`, on an app made with `{ bodyParser: false }`.
 */
export function installWebUi(app: NestExpressApplication, options: WebUiOptions): void {
  const isSecure = options.publicUrl.protocol === 'https:';
  const transport = { isSecure, includesSubDomains: options.hstsIncludesSubDomains };
  const assets = new Assets(assetsOf(options.organisation));
  const locales = options.locales ?? LOCALES;
  const settings = {
    isSecure,
    keys: options.keys,
    locales,
    trustedProxies: parseTrustedProxies(options.trustedProxies ?? []),
    proxyHeader: options.proxyHeader ?? 'x-forwarded-for',
    formerHosts: options.formerHosts ?? [],
  };
  const programPrefixes = options.programPrefixes ?? PROGRAM_PREFIXES;
  app.getHttpServer().prependListener('request', toOriginForm); // before Express, which remembers how the target began
  app.disable('x-powered-by');
  app.disable('etag'); // nothing that is not immutable is cached at all
  app.set('query parser', 'simple');
  refuseInsteadOfNode(app.getHttpServer() as Server, headersOfRefusal(transport));
  const headers = securityHeaders(transport);
  app.use(
    inTurn([
      refuseHosts(headersOfRefusal(transport)),
      bodyInTime((path) => isAt(path, PACED_PATHS), options.bodySeconds),
      (_request, response, next) => {
        headers(response);
        next();
      },
      assets.serve,
      (request, response, next) => {
        new RequestFacts(request, response, settings);
        next();
      },
      leadOnFromFormerHosts({
        publicUrl: options.publicUrl,
        hosts: settings.formerHosts,
        served: SERVED_AT_FORMER_HOSTS,
        programPrefixes,
      }),
      ...forms(options.streamPrefixes ?? STREAM_PREFIXES),
    ]),
  );
  (app.getHttpAdapter().getInstance() as Express).response.render = rendering({
    views: options.views,
    locales,
    inEveryPage: (locale) => factsOfEveryPage(options, assets, locale),
  });

  const logger = new Logger('web');
  app.useGlobalFilters(
    new ErrorFilter({
      table: Object.assign({}, STORE_ERRORS, ...(options.errorPages ?? [])) as ErrorPages,
      programPrefixes,
      onUnexpected: options.onUnexpected ?? ((report) => logger.error(JSON.stringify(logFieldsOf(report)))),
      onUnavailable: options.onUnavailable ?? ((report) => logger.warn(JSON.stringify(report))),
      onError: options.onError,
    }),
  );
}

/** What the layout shows in one language, whatever is asked for. */
function factsOfEveryPage(options: WebUiOptions, assets: Assets, locale: Locale) {
  return {
    organisation: options.organisation,
    address: new URL('/', options.publicUrl).href,
    ...shownOrganisation(options.organisation, assets, locale),
    isDemonstration: options.isDemonstration ?? false,
    accountProviders: options.accountProviders ?? [],
    counting: options.counting ?? null,
    hasCodes: options.hasCodes ?? true,
    stylesheet: assets.addressOf('segl.css'),
    icon: assets.addressOf('seal.svg'),
    frameFitting: FRAME_FITTING,
  };
}
