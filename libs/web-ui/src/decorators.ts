import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Browser } from './browser-session.ts';
import type { ClientNetwork } from './client-network.ts';
import type { Locale } from './locales/translate.ts';
import { requestFacts } from './request-facts.ts';

function factsIn(context: ExecutionContext) {
  return requestFacts(context.switchToHttp().getRequest<object>());
}

/** `@BrowserSession() browser: Browser`: the session of the browser that asks, made now when there is none. */
export const BrowserSession = createParamDecorator((_: unknown, context: ExecutionContext): Browser =>
  factsIn(context).browser(),
);

/** `@KnownBrowser() browser: Browser | null`: the same, but a browser without a session stays without. */
export const KnownBrowser = createParamDecorator((_: unknown, context: ExecutionContext): Browser | null =>
  factsIn(context).knownBrowser(),
);

/** `@RequestLocale() locale: Locale`: the language to answer in. */
export const RequestLocale = createParamDecorator(
  (_: unknown, context: ExecutionContext): Locale => factsIn(context).locale,
);

/** `@RequestNetwork() network: ClientNetwork`: where the request came from, past our own proxies. */
export const RequestNetwork = createParamDecorator(
  (_: unknown, context: ExecutionContext): ClientNetwork => factsIn(context).clientNetwork,
);
