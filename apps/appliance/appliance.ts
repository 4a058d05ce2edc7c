import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from 'pino';
import type { ProjectionRunner } from '#libs/event-store';
import {
  CannotListen,
  hasRole,
  isBehindProxy,
  LEAK_SENTENCES,
  noteDemonstrationAddress,
  openStores,
  openWhenReachable,
  pathsElsewhere,
  portalOrganisation,
  protectProcess,
  readinessOf,
  signInParts,
} from '#libs/installation';
import type { OpenedStores, Settings } from '#libs/installation';
import { BridgeProvider, watchUpstreams } from '#libs/oidc-bridge';
import type { Clock } from '#libs/vocabulary';
import { installWebUi, logFieldsOf, STREAM_PREFIXES, ViewEngine } from '#libs/web-ui';
import { ApplianceModule } from './appliance.module.ts';
import { canaryOf } from './canary.ts';
import { watchClock } from './clock-watch.ts';
import { DemoMailbox } from './demo/demo-mailbox.ts';
import { loopbackOnly } from './demo/loopback-only.ts';
import { sealSampleMail } from './demo/sample-mail.ts';
import { ERROR_PAGES } from './error-pages.ts';
import { Forgetting } from './forgetting.ts';
import { NestLog, openLog } from './logging.ts';
import { listenForMail } from './mail-coming-in.ts';
import { ManagementServer } from './management-server.ts';
import { servedElsewhere } from './served-elsewhere.ts';

/** A running appliance. */
export interface Appliance {
  /** Where readers reach it. */
  readonly publicUrl: URL;
  readonly stores: OpenedStores;
  /** Reads again what may change while it runs: the policy. A faulty one changes nothing, and is said. */
  reload(): void;
  /** Takes nothing new, finishes what is under way, closes everything. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Without a request. Longer than proxies keep a connection for the next one (Caddy 120 s, Google's load balancers 600 s): who closes
 * first is to be the proxy, or a form that was just being sent is cut off, and no proxy sends a form twice. What they may keep open is theirs to bound.
 */
const KEPT_SECONDS = 620;
const PROJECTION_WATCH_SECONDS = 10;

/**
 * Starts everything that its roles need, or nothing: what was opened is closed again when a later part fails. While a server
 * that it needs cannot be reached it waits, and says so at /readyz, on the management port.
 * @throws ConfigurationFault, KeyringFault, CannotListen; whatever a store throws that cannot be opened
 */
export async function startAppliance(settings: Settings): Promise<Appliance> {
  const log = openLog(settings.logLevel);
  const leaks = protectProcess();
  if (!settings.demonstration) for (const leak of leaks) log.warn({ leak }, LEAK_SENTENCES[leak]);
  const views = new ViewEngine({ timeZone: settings.organisation.timeZone }); // first: a build whose templates are missing stops the start
  const management = await ManagementServer.listen(settings, log);
  try {
    return await serve(settings, log, views, management);
  } catch (error) {
    await management.close();
    throw error;
  }
}

async function serve(
  settings: Settings,
  log: Logger,
  views: ViewEngine,
  management: ManagementServer,
): Promise<Appliance> {
  const demonstrationRelay = (clock: Clock) => new DemoMailbox({ clock });
  const { stores, closing } = await openWhenReachable(
    () => openStores(settings, log, demonstrationRelay),
    settings,
    log,
    (reason) => management.isWaiting(reason),
  );
  try {
    let listening: URL | null = null;
    const ownAddress = (): URL => {
      if (listening === null) throw new Error('nobody can sign in before this process listens');
      return listening;
    };
    const signIn = signInParts(settings, stores.clock);
    if (hasRole(settings, 'console') && !settings.demonstration && !signIn.hasAccountsWithRoles)
      log.warn('nobody can sign in at the console: no provider under signIn gives roles (rolesClaim, roles)');
    const rooms = ApplianceModule.of(settings, stores, views, signIn, ownAddress, log);
    if (isBehindProxy(settings) && settings.trustedProxies.length === 0)
      log.warn('trustedProxies is empty: behind a proxy all readers look like one, and share its limits');
    const app = await NestFactory.create<NestExpressApplication>(rooms, {
      bodyParser: false, // what streams must not be parsed first; forms are read by web-ui
      logger: new NestLog(log),
      abortOnError: false,
    });
    closing.add(app, (opened) => opened.close());
    if (settings.demonstration) app.use(loopbackOnly);
    if (hasRole(settings, 'portal')) app.use(new Forgetting().middleware);
    app.use(stores.metrics.middleware);
    const { organisation } = settings;
    const elsewhere = pathsElsewhere(settings.roles);
    installWebUi(app, {
      publicUrl: new URL(settings.publicUrl),
      formerHosts: settings.formerHosts,
      hstsIncludesSubDomains: settings.hstsIncludeSubDomains,
      organisation: portalOrganisation(organisation),
      views,
      keys:
        hasRole(settings, 'portal') || hasRole(settings, 'console')
          ? () => stores.keyring.cookieKeys()
          : keysOfNobody(),
      locales: organisation.locales,
      streamPrefixes: [...STREAM_PREFIXES, ...elsewhere.filter((path) => path !== '/')], // not read here, whatever it is
      trustedProxies: settings.trustedProxies,
      proxyHeader: settings.proxyHeader,
      errorPages: ERROR_PAGES,
      accountProviders: accountProvidersOf(settings),
      hasCodes: settings.signIn.otherIssuer === undefined,
      isDemonstration: settings.demonstration,
      counting: stores.telemetry === null ? null : settings.telemetry,
      onError: (kind) => stores.metrics.countError(kind),
      onUnavailable: (report) => log.warn(report, 'requests are answered that something cannot be used now'),
      onUnexpected: (report) => log.error(logFieldsOf(report), 'an unexpected error was answered'),
    });
    app.use(servedElsewhere(elsewhere));
    if (hasRole(settings, 'portal')) {
      const bridge = app.get(BridgeProvider);
      app.use('/oidc', bridge.middleware());
      app.use(bridge.metadataMiddleware());
    }
    await app.init();
    if (settings.demonstration) await sealSampleMail(app); // it lies in the mailbox when the first page is answered
    const server = await app.listen(settings.httpPort, settings.httpHost).catch((cause: Error) => {
      throw new CannotListen('SEGL_HTTP', cause);
    });
    listening = addressOf(server as Server);
    if (settings.demonstration)
      closing.add(noteDemonstrationAddress(settings.dataDir, new URL(settings.publicUrl)), (forget) => forget());
    // A large upload on a slow line takes its time; bounded-body.ts holds it to a pace.
    server.requestTimeout = 10 * 60_000;
    server.keepAliveTimeout = KEPT_SECONDS * 1000;
    closing.add(server, () => {
      server.keepAliveTimeout = 1; // for what is still being answered; 0 would be for ever
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), settings.drainSeconds * 1000).unref();
    });
    if (stores.projections !== null) {
      const tell = (name: string, error: string) =>
        log.error({ projection: name, error }, 'a read model cannot follow');
      closing.add(watchProjections(stores.projections, tell), clearInterval);
    }
    const intake = closing.add(await listenForMail(app, settings), (opened) => opened?.stop());
    closing.add(watchUpstreams(signIn.providers), clearInterval);
    closing.add(watchClock(log), clearInterval);
    const canary = closing.add(canaryOf(app, settings, stores, log), (opened) => opened?.stop());
    canary?.start();

    const publicUrl = new URL(settings.publicUrl);
    const isListeningForMail = () => intake?.isListening === true;
    const readiness = readinessOf(settings, stores, signIn.providers, isListeningForMail);
    management.serves({ readiness, metrics: stores.metrics, canary });
    const { httpPort, roles } = settings;
    const smtpPorts = intake?.ports ?? [];
    log.info({ publicUrl: publicUrl.href, httpPort, managementPort: management.port, smtpPorts, roles }, 'ready');
    const stop = async () => {
      log.info('stopping');
      management.isStopping();
      await closing.close().finally(() => management.close());
      log.info('stopped');
    };
    let stopping: Promise<void> | null = null;
    return { publicUrl, stores, reload: () => reloadPolicy(stores, log), stop: () => (stopping ??= stop()) };
  } catch (error) {
    await closing.close().catch(() => undefined); // the first failure is the one to tell
    throw error;
  }
}

function reloadPolicy({ policy }: OpenedStores, log: Logger): void {
  if (policy === null) return log.info('nothing here is read again: no mail comes in');
  if (policy.reload()) return log.info({ rules: policy.policy.rules.length }, 'another policy is in force');
  for (const fault of policy.faults) log.error({ fault }, 'the policy was not taken; the one before stays in force');
}

/** As the buttons name them; another issuer has no button, and goes by its host. */
function accountProvidersOf({ signIn }: Settings): readonly string[] {
  if (signIn.otherIssuer !== undefined) return [new URL(signIn.otherIssuer.issuer).host];
  return [...signIn.microsoft, ...signIn.google, ...signIn.organisation].map(({ name }) => name);
}

/** Where this process reaches itself, whatever the public address is. */
function addressOf(server: Server): URL {
  const { address, port, family } = server.address() as AddressInfo;
  const anywhere = address === '0.0.0.0' || address === '::';
  const host = anywhere ? (family === 'IPv6' ? '[::1]' : '127.0.0.1') : family === 'IPv6' ? `[${address}]` : address;
  return new URL(`http://${host}:${port}`);
}

/** A process without pages of its own keeps nobody's session: cookies that it is sent mean nothing to it. */
function keysOfNobody(): () => readonly Uint8Array[] {
  const keys = [randomBytes(32)];
  return () => keys;
}

/** A projection that fails retries by itself and says why in its status; the log has each new reason once. */
function watchProjections(projections: ProjectionRunner, tell: (name: string, error: string) => void): NodeJS.Timeout {
  const told = new Map<string, string | null>();
  const timer = setInterval(() => {
    for (const { name, lastError } of projections.status()) {
      if (lastError !== null && told.get(name) !== lastError) tell(name, lastError);
      told.set(name, lastError);
    }
  }, PROJECTION_WATCH_SECONDS * 1000);
  timer.unref();
  return timer;
}
