export { inPieces, sampleFacts, sealSample, testKeys, type SealedSample, type TestKeys } from './sealed-sample.ts';
