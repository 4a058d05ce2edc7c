import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { Request, Response } from 'express';
import type { EphemeralStore } from '#libs/ephemeral-store';
import type { Keyring } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import type { Clock, MailAddress } from '#libs/vocabulary';
import { installWebUi, ViewEngine } from '#libs/web-ui';
import { testOrganisation } from '#libs/web-ui/testing';
import type { BridgeProof } from '../proof.ts';
import { BridgeProvider } from '../provider/bridge-provider.ts';
import type { OidcBridgeSettings } from '../settings.ts';
import { StrangerBrowser } from './stranger-client-browser.ts';
import type { Transport } from './stranger-client-browser.ts';

/** Believed by everybody in a test, listened to by nobody. */
export const PUBLIC_URL = new URL('https://portal.example.org');

export function testSettings(changes: Partial<OidcBridgeSettings> = {}): OidcBridgeSettings {
  return {
    publicUrl: PUBLIC_URL,
    organisation: testOrganisation.name,
    portalRedirectUri: new URL('/authenticate', changes.publicUrl ?? PUBLIC_URL).href,
    clients: [],
    upstreams: [],
    sharedMailboxes: [],
    noPasscodeFor: [],
    demonstration: false,
    ...changes,
  };
}

/** Whoever the test says, proven this instant by a passcode unless it says otherwise. */
export function proofOf(who: string, changes: Partial<BridgeProof> = {}): BridgeProof {
  return {
    address: `${who}@example.com` as MailAddress,
    method: 'passcode',
    issuer: `${PUBLIC_URL.origin}/oidc`,
    subject: `person-${who}`,
    provenAt: new SystemClock().now(),
    roles: [],
    ...changes,
  };
}

export interface StrangerPortalParts {
  readonly settings?: OidcBridgeSettings;
  readonly ephemeral: EphemeralStore;
  readonly keyring: Keyring;
  readonly clock?: Clock;
  /** Whom `/sign-in/:uid/finish?as=<who>` proves. */
  readonly proofs?: (who: string) => BridgeProof;
}

export interface StrangerPortal {
  readonly bridge: BridgeProvider;
  readonly port: number;
  readonly transport: Transport;
  browser(transport?: Transport): StrangerBrowser;
  close(): Promise<void>;
}

/** What the sign-in page of this portal proves. */
class ProofByName {
  constructor(readonly of: (name: string) => BridgeProof) {}
}

/** In place of the sign-in page: proves whatever it is told to. */
@Controller('sign-in/:uid')
class TellingSignIn {
  constructor(
    private readonly bridge: BridgeProvider,
    private readonly proofs: ProofByName,
  ) {}

  @Get()
  async page(@Param('uid') _uid: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    response.json(await this.bridge.interaction(request, response));
  }

  @Get('finish')
  finish(@Query('as') who: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    return this.bridge.finish(request, response, this.proofs.of(who));
  }

  @Get('cancel')
  cancel(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.bridge.cancel(request, response, 'access_denied');
  }
}

/** One portal process as far as the provider goes, on a real loopback port. Several may share a store. The caller closes it. */
export async function openStrangerPortal(parts: StrangerPortalParts): Promise<StrangerPortal> {
  const settings = parts.settings ?? testSettings();
  const bridge = new BridgeProvider(settings, parts.ephemeral, parts.keyring, parts.clock ?? new SystemClock());
  const testingModule = await Test.createTestingModule({
    controllers: [TellingSignIn],
    providers: [
      { provide: BridgeProvider, useValue: bridge },
      { provide: ProofByName, useValue: new ProofByName(parts.proofs ?? ((who: string) => proofOf(who))) },
    ],
  }).compile();
  const app = testingModule.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  installWebUi(app, {
    publicUrl: settings.publicUrl,
    organisation: testOrganisation,
    views: new ViewEngine(),
    keys: () => parts.keyring.cookieKeys(),
    errorPages: [
      {
        'sign-in-not-here': { status: 400, texts: 'bridge.startAgain' },
        'proof-too-old': { status: 400, texts: 'bridge.startAgain' },
        'proof-not-for-console': { status: 403, texts: 'error.forbidden' },
      },
    ],
  });
  app.use('/oidc', bridge.middleware());
  app.use(bridge.metadataMiddleware());
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const transport = transportTo(port, settings.publicUrl);
  return {
    bridge,
    port,
    transport,
    browser: (other = transport) => new StrangerBrowser(settings.publicUrl, other),
    close: () => app.close(),
  };
}

/** As a proxy in front does: Host as it came. */
function transportTo(port: number, publicUrl: URL): Transport {
  return async (url, { method = 'GET', headers, body }) => {
    const sent: Record<string, string> = { host: publicUrl.host, ...Object.fromEntries(new Headers(headers)) };
    const text = body == null ? null : await new Response(body as string).text();
    if (text !== null && sent['content-type'] === undefined) sent['content-type'] = 'application/x-www-form-urlencoded';
    return new Promise((resolve, reject) => {
      const path = `${url.pathname}${url.search}`;
      const asked = httpRequest({ host: '127.0.0.1', port, path, method, headers: sent, agent: false }, (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('error', reject);
        answer.on('end', () => {
          const received = new Headers();
          for (let at = 0; at < answer.rawHeaders.length; at += 2) {
            received.append(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '');
          }
          const status = answer.statusCode ?? 500;
          const content = [204, 304].includes(status) ? null : Buffer.concat(pieces);
          resolve(new Response(content, { status, headers: received }));
        });
      });
      asked.on('error', reject);
      asked.end(text ?? undefined);
    });
  };
}
