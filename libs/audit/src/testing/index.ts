export { frozenEvents, frozenPersons } from './frozen/frozen-events.ts';
export { LogOfTests, signerOfTests } from './log-of-tests.ts';
