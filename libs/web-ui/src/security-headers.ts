import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Response } from 'express';
import helmet from 'helmet';
import { FRAME_FITTING } from './frame-fitting.ts';

const PAGE_POLICY = {
  'default-src': "'none'",
  'script-src': "'none'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'form-action': "'self'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
} as const;

/** Every feature that a browser could lend to a page and that this portal has no use for. */
const PERMISSIONS = [
  'accelerometer',
  'autoplay',
  'browsing-topics',
  'camera',
  'display-capture',
  'encrypted-media',
  'fullscreen',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'picture-in-picture',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'usb',
  'xr-spatial-tracking',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

/** A year: the usual term for browsers to remember that a host speaks https only (RFC 6797). */
const HSTS_SECONDS = 365 * 24 * 3600;

const UPGRADE = 'upgrade-insecure-requests';

function policyText(policy: Readonly<Record<string, string>>, isSecure: boolean): string {
  const directives = Object.entries(policy).map(([name, sources]) => `${name} ${sources}`);
  return [...directives, ...(isSecure ? [UPGRADE] : [])].join('; ');
}

export interface Transport {
  /** Whether the portal is reached by https. */
  readonly isSecure: boolean;
  /** Whether browsers shall reach every host below the portal's by https alone as well. */
  readonly includesSubDomains?: boolean | undefined;
}

/** For what is refused before there is a request to speak of: nothing to show, to run or to keep. */
export function headersOfRefusal({
  isSecure,
  includesSubDomains = false,
}: Transport): Readonly<Record<string, string>> {
  const subDomains = includesSubDomains ? '; includeSubDomains' : '';
  return {
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    ...(isSecure && { 'Strict-Transport-Security': `max-age=${HSTS_SECONDS}${subDomains}` }),
  };
}

/**
 * Written out, since helmet's own policy does not fit (threats.md A29); nothing here is ever cached unless it says so itself. They are the same for each
 * answer, so helmet is asked once, when the app is made. @returns what writes them on an answer
 */
export function securityHeaders({ isSecure, includesSubDomains = false }: Transport): (response: Response) => void {
  const options: Parameters<typeof helmet>[0] = {
    contentSecurityPolicy: false, // set below, so that one function writes every policy
    strictTransportSecurity: isSecure ? { maxAge: HSTS_SECONDS, includeSubDomains: includesSubDomains } : false,
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    crossOriginEmbedderPolicy: false, // a mail's own data: images need no more than img-src
    referrerPolicy: { policy: 'no-referrer' },
    xDnsPrefetchControl: { allow: false },
    xFrameOptions: { action: 'deny' },
  };
  const headers = [
    ...headersOfHelmet(options),
    ['Content-Security-Policy', policyText(PAGE_POLICY, isSecure)],
    ['Permissions-Policy', PERMISSIONS],
    ['X-Robots-Tag', 'noindex, nofollow'],
    ['Cache-Control', 'no-store'],
  ] as const;
  return (response) => {
    for (const [name, value] of headers) response.setHeader(name, value);
  };
}

/** What helmet writes on an answer that has nothing else. */
function headersOfHelmet(options: Parameters<typeof helmet>[0]): [name: string, value: string][] {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  const written: [name: string, value: string][] = [];
  response.setHeader = (name, value) => {
    written.push([name, String(value)]);
    return response;
  };
  helmet(options)(request, response, (error) => {
    if (error instanceof Error) throw error;
  });
  return written;
}

/** Whether the portal is reached by https, as the policy says that was written on every answer. */
function isSecureAnswer(response: Response): boolean {
  return String(response.getHeader('Content-Security-Policy')).includes(UPGRADE);
}

/**
 * For the page that shows a message in a sandboxed `srcdoc` frame: the frame inherits this policy, and mail brings its own
 * inline styles. `frame-src 'none'` does not concern srcdoc, it stops frames inside the mail (threats.md A29). The one script that may
 * run is named by its digest; in the frame itself none may, whatever its text: it is sandboxed, and has a policy of its own.
 */
export function messagePageHeaders(response: Response): void {
  const policy = {
    ...PAGE_POLICY,
    'script-src': FRAME_FITTING.source,
    'style-src': "'self' 'unsafe-inline'",
    'frame-src': "'none'",
  };
  response.setHeader('Content-Security-Policy', policyText(policy, isSecureAnswer(response)));
}

/** For the one page whose form leads to another origin: an older name of the portal, to its own. */
export function formLeadsTo(response: Response, origin: string): void {
  const policy = { ...PAGE_POLICY, 'form-action': origin };
  response.setHeader('Content-Security-Policy', policyText(policy, isSecureAnswer(response)));
}

/**
 * For a file that the browser shows by itself, as a page of its own without an origin: it may run nothing, ask for nothing, send
 * nothing and stand in no frame (threats.md A32).
 */
export function shownFileHeaders(response: Response): void {
  response.setHeader(
    'Content-Security-Policy',
    "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  );
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.removeHeader('Origin-Agent-Cluster'); // it has no origin to speak of, and browsers say so
}

/** For a file that is saved and never shown: whatever it holds, nothing in it may run or load (threats.md A32). */
export function downloadHeaders(response: Response): void {
  response.setHeader('Content-Security-Policy', "sandbox; default-src 'none'; frame-ancestors 'none'");
  response.setHeader('X-Content-Type-Options', 'nosniff');
}
