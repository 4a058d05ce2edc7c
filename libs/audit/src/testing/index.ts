export { LogOfTests, signerOfTests } from './log-of-tests.ts';
