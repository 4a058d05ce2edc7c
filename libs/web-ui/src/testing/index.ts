export { pseudoLanguage } from './pseudo-language.ts';
export { chromiumPath, launchChromium } from './find-browser.ts';
export { openTestPortal, testOrganisation, type TestPortal } from './test-portal.ts';
export { TestBrowser, type TestPage } from './test-browser.ts';
