export {
  directionOf,
  ENGLISH,
  isLocale,
  isTextKey,
  LANGUAGES,
  LOCALES,
  translate,
  type Locale,
  type TextKey,
} from './locales/translate.ts';
export type { TextParams } from './locales/message.ts';
export type { Direction } from './locales/direction.ts';
export { formatBytes, formatInstant, type InstantStyle } from './format.ts';
export { TemplateFaults, viewDirectories, ViewEngine, type ViewEngineOptions, type ViewFacts } from './view-engine.ts';
export { EscapedText } from './escaped-text.ts';
export type { Browser, CookieKeys } from './browser-session.ts';
export { isProxyRange, type ClientNetwork } from './client-network.ts';
export { BrowserSession, KnownBrowser, RequestLocale, RequestNetwork } from './decorators.ts';
export {
  clientNetwork,
  forgetBrowser,
  languagesByForm,
  requestFacts,
  rotateBrowserSession,
  type RequestFacts,
} from './request-facts.ts';
export { downloadHeaders, messagePageHeaders } from './security-headers.ts';
export { PageError, type ErrorPage, type ErrorPages, type ErrorTexts } from './error-pages.ts';
export { routeOf, type UnexpectedError } from './error-filter.ts';
export { logFieldsOf } from './log-fields.ts';
export { installWebUi, STREAM_PREFIXES, type PortalOrganisation, type WebUiOptions } from './install-web-ui.ts';
export { PrivacyController } from './privacy/privacy-controller.ts';
export { discardRest } from './discard-rest.ts';
export { HeadSpendsNothing } from './head-spends-nothing.ts';
