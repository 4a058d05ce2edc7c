export { startFakeProvider, type FakeProvider, type FakeProviderOptions } from './fake-provider.ts';
export { OTHER_TENANT, PERSONAL_TENANT, WORK_TENANT, type Breakage, type FakeBehaviour } from './fake-tokens.ts';
export { followSignIn } from './follow-sign-in.ts';
export { startMockServerProvider, type MockServerProvider } from './mock-server-provider.ts';
