/** Three kinds of test: *.spec.ts is pure, *.int-spec.ts touches a real file, socket or process, *.e2e-spec.ts is a person's story. */
export default {
  testEnvironment: '<rootDir>/ops/test-environment.mjs',
  testEnvironmentOptions: { customExportConditions: ['segl-source', 'node', 'node-addons'] },
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/ops'],
  testRegex: '\\.((e2e|int)-)?spec\\.ts$',
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testSequencer: '<rootDir>/ops/test-sequencer.mjs',
  testTimeout: 60_000, // a busy machine: four workers on two cores, and a store's pauses
  workerIdleMemoryLimit: '1GB', // a new worker finds and reads every package anew: 512 MB cost a twelfth more processor time
};
