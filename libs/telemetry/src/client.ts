import Bowser from 'bowser';
import { OTHER } from './dimensions.ts';

/** What is kept of a user agent string, and each of it on its own; the string itself goes no further. */
export interface Client {
  /** `Firefox 145`, or `other`. */
  readonly browser: string;
  /** `Windows`, `macOS`, `Linux`, `Android`, `iOS`, `ChromeOS`, or `other`. */
  readonly system: string;
  /** Where the page is shown: in a browser on what kind of device, inside another app, or by a program. */
  readonly app: 'computer-browser' | 'phone-browser' | 'tablet-browser' | 'app-view' | 'program' | 'other';
}

/** Longer than any honest user agent string; what comes after is not looked at, so that parsing costs the same for all. */
const MAX_USER_AGENT_CHARACTERS = 512;

/** Browsers told apart by name (as Bowser names them): widely used ones only, since a rare name would be a fingerprint. */
const BROWSERS = new Map([
  ['Chrome', 'Chrome'],
  ['Chromium', 'Chrome'],
  ['Microsoft Edge', 'Edge'],
  ['Firefox', 'Firefox'],
  ['Safari', 'Safari'],
  ['Samsung Internet for Android', 'Samsung Internet'],
  ['Opera', 'Opera'],
  ['Internet Explorer', 'Internet Explorer'],
  ['Android Browser', 'Android Browser'],
]);

const SYSTEMS = new Map([
  ['Windows', 'Windows'],
  ['macOS', 'macOS'],
  ['Linux', 'Linux'],
  ['Android', 'Android'],
  ['iOS', 'iOS'],
  ['Chrome OS', 'ChromeOS'],
]);

/** `wv` marks Android's web view; on iOS an app's web view lacks Safari's own token. */
const ANDROID_WEB_VIEW = /; wv\)/;
const PROGRAM = /bot\b|crawl|spider|curl\/|wget\/|python-|headless/i;

/** Never throws, whatever is sent. */
export function clientOf(userAgent: string | undefined): Client {
  const text = (userAgent ?? '').slice(0, MAX_USER_AGENT_CHARACTERS);
  if (text.trim() === '') return { browser: OTHER, system: OTHER, app: OTHER };
  try {
    const { browser, os, platform } = Bowser.parse(text);
    const family = BROWSERS.get(browser.name ?? '');
    const major = /^[1-9]\d{0,2}(?=\.|$)/.exec(browser.version ?? '')?.[0];
    return {
      browser: family === undefined ? OTHER : major === undefined ? family : `${family} ${major}`,
      system: SYSTEMS.get(os.name ?? '') ?? OTHER,
      app: appKind(text, os.name, platform.type),
    };
  } catch {
    return { browser: OTHER, system: OTHER, app: OTHER };
  }
}

function appKind(text: string, system: string | undefined, device: string | undefined): Client['app'] {
  if (PROGRAM.test(text) || device === 'bot') return 'program';
  if (ANDROID_WEB_VIEW.test(text) || (system === 'iOS' && !/Safari\//.test(text))) return 'app-view';
  switch (device) {
    case 'desktop':
      return 'computer-browser';
    case 'mobile':
      return 'phone-browser';
    case 'tablet':
      return 'tablet-browser';
    default:
      return OTHER;
  }
}
