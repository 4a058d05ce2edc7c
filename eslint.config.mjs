import tseslint from 'typescript-eslint';

/**
 * The arrows of the house: a room may import the rooms listed behind it, by their door, and no others.
 * A room missing here may import nothing. Order: from the street door down to the words.
 */
const rooms = {
  vocabulary: [],
  'event-store': ['vocabulary'],
  'ephemeral-store': ['vocabulary'],
  keyring: ['event-store', 'ephemeral-store', 'vocabulary'],
  sealing: ['keyring', 'event-store', 'ephemeral-store', 'vocabulary'],
  mail: ['sealing', 'keyring', 'event-store', 'ephemeral-store', 'vocabulary'],
  passcode: ['mail', 'sealing', 'keyring', 'event-store', 'ephemeral-store', 'vocabulary'],
  'oidc-bridge': ['passcode', 'mail', 'sealing', 'keyring', 'event-store', 'ephemeral-store', 'vocabulary'],
  'recipient-access': [
    'oidc-bridge',
    'passcode',
    'mail',
    'sealing',
    'keyring',
    'event-store',
    'ephemeral-store',
    'vocabulary',
  ],
  audit: [
    'recipient-access',
    'oidc-bridge',
    'passcode',
    'mail',
    'sealing',
    'keyring',
    'event-store',
    'ephemeral-store',
    'vocabulary',
  ],
  telemetry: ['event-store', 'vocabulary'],
  'web-ui': ['keyring', 'ephemeral-store', 'vocabulary'],
};
/** These two serve any room above the stores. */
const serveAny = ['web-ui', 'telemetry'];
const belowTheServants = new Set([
  'vocabulary',
  'event-store',
  'ephemeral-store',
  'keyring',
  'sealing',
  'telemetry',
  'web-ui',
]);

const all = Object.keys(rooms);
const arrows = all.map((room) => {
  const allowed = new Set([room, ...rooms[room], ...(belowTheServants.has(room) ? [] : serveAny)]);
  const forbidden = all.filter((other) => !allowed.has(other));
  return {
    files: [`libs/${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^#libs/(${forbidden.join('|') || '-'})(/testing)?$`,
              message: `${room} may not import this room: arrows point one way (eslint.config.mjs).`,
            },
            { regex: '^#libs/[^/]+/(?!testing$)', message: 'Import a room by its door: #libs/<room>.' },
            { regex: '^(\\.\\./)+(apps|libs)/', message: 'Import a room by its door: #libs/<room>.' },
            { regex: '^#apps', message: 'Rooms never import apps.' },
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '**/*.mjs', 'ops/k6/**'] },
  ...tseslint.configs.recommended,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  ...arrows,
  {
    files: ['apps/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^#libs/[^/]+/(?!testing$)', message: 'Import a room by its door: #libs/<room>.' }] },
      ],
    },
  },
);
