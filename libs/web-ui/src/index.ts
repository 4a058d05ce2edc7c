export {
  directionOf,
  ENGLISH,
  isLocale,
  isTextKey,
  LOCALES,
  translate,
  type Locale,
  type TextKey,
} from './locales/translate.ts';

export type { Direction } from './locales/direction.ts';
export { barLengths, barsWithMargins, drawBars, type BarChart, type BarWithMargin } from './charts/bar-chart.ts';
export { formatDay, formatInstant } from './format.ts';
export { ViewEngine } from './view-engine.ts';
export { EscapedText } from './escaped-text.ts';
export type { Browser } from './browser-session.ts';
export { isProxyRange, PROXY_HEADERS, type ClientNetwork } from './client-network.ts';
export { BrowserSession, KnownBrowser, RequestLocale, RequestNetwork } from './decorators.ts';
export { forgetBrowser, languagesByForm, requestFacts, rotateBrowserSession } from './request-facts.ts';
export {
  downloadHeaders,
  formLeadsTo,
  headersOfRefusal,
  messagePageHeaders,
  shownFileHeaders,
} from './security-headers.ts';
export { PageError, type ErrorPages, type ErrorTexts } from './error-pages.ts';

export { logFieldsOf } from './log-fields.ts';
export { installWebUi, STREAM_PREFIXES } from './install-web-ui.ts';
export { colourFault, type OrganisationColours } from './organisation/colours.ts';
export { logoOf, LogoRefused, shownSize, type Logo } from './organisation/logo.ts';
export type { PortalOrganisation } from './organisation/portal-organisation.ts';
export { HelpController } from './help/help-controller.ts';
export { PrivacyController } from './privacy/privacy-controller.ts';
export { isAt, isBelow } from './compared-paths.ts';
export { discardRest } from './discard-rest.ts';
export { bearerTokenIn } from './programs/bearer-token.ts';
export { sendProblem } from './programs/send-problem.ts';
export { pacedBody } from './paced-body.ts';
export { HeadSpendsNothing } from './head-spends-nothing.ts';
