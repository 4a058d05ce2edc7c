export { startFakeProvider, type FakeProvider, type FakeProviderOptions } from './fake-provider.ts';
export { OTHER_TENANT, PERSONAL_TENANT, WORK_TENANT, type Breakage, type FakeBehaviour } from './fake-tokens.ts';
export { followSignIn } from './follow-sign-in.ts';
export { startMockServerProvider, type MockServerProvider } from './mock-server-provider.ts';
export { assertion, post, postAs, type AssertionChanges, type JsonAnswer } from './stranger-client-assertion.ts';
export { StrangerBrowser, type BrowserAnswer, type Transport } from './stranger-client-browser.ts';
export { StrangerClient, strangerKeys, type StrangerAttempt, type StrangerOptions } from './stranger-client.ts';
