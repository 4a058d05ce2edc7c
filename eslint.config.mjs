import { readdirSync } from 'node:fs';
import tseslint from 'typescript-eslint';
import { rooms, roomsInTests } from './ops/rooms.mjs';

/** The steps of a room that lie beside each other: none imports another, but all may import the room's words below them. */
const stepsBesideEachOther = { mail: ['carrier', 'reading', 'outbound'] };
const belowTheSteps = { mail: ['syntax'] };

const apps = readdirSync(new URL('apps/', import.meta.url));
/**
 * What workers, benchmarks and child processes of tests load as it stands: Node strips types and cannot write code for them
 * (ops/decisions/2026-11-22-typescript-runs-from-source.md).
 */
const runsFromSource = [
  'libs/{vocabulary,event-store,egress,ephemeral-store,keyring}/**/*.ts',
  'libs/sealing/src/format/**/*.ts',
  'libs/mail/src/{carrier,reading,syntax}/**/*.ts',
  'libs/mail/src/outbound/{outbox,outcome-notes,owner-lock,due-times,mail-relay,next-hops,relay-access,relay-url,smtp-failure,smtp-relay,smtp-session}*.ts',
  'libs/web-ui/src/locales/**/*.ts',
  'libs/audit/src/query/{audit-filter,audit-lists,audit-page,trail-questions}.ts',
  'libs/audit/src/figures/figure-questions.ts',
  'libs/audit/src/verify/{verify-file-worker,csv-lines,verify-export,compare-leaves,exposure,leaf-of-record,note,without-content,tree-head}.ts',
  'libs/audit/src/read-models/audit-terms.ts',
  'ops/{bench,k6}/**/*.ts',
];
/** One way to write a member that is nobody else's, an import of types, and what Nest passes in. */
const houseStyle = [
  {
    selector: 'PrivateIdentifier',
    message: 'A private member has the keyword `private`; what holds secrets extends Unprintable.',
  },
  {
    selector: 'ImportSpecifier[importKind="type"]',
    message: 'Types are imported by a line of their own: `import type { … }`.',
  },
  {
    selector: 'Decorator[expression.callee.name="Inject"]',
    message: 'What is injected is known by its class: no @Inject.',
  },
];
const parameterProperty = {
  selector: 'TSParameterProperty',
  message: 'Node runs this file as it stands: declare the field and assign it.',
};

const all = Object.keys(rooms);
const patternsOf = (room, more = []) => {
  const allowed = new Set([room, ...rooms[room], ...more]);
  const forbidden = all.filter((other) => !allowed.has(other));
  return [
    {
      regex: `^#libs/(${forbidden.join('|') || '-'})(/testing)?$`,
      message: `${room} may not import this room: arrows point one way (ops/rooms.mjs).`,
    },
    { regex: '^#libs/[^/]+/(?!testing$)', message: 'Import a room by its door: #libs/<room>.' },
    { regex: '^(\\.\\./)+(apps|libs)/', message: 'Import a room by its door: #libs/<room>.' },
    { regex: '^#apps', message: 'Rooms never import apps.' },
  ];
};
const restrict = (files, patterns) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } });
const arrows = all.flatMap((room) => [
  restrict([`libs/${room}/**/*.ts`], patternsOf(room)),
  restrict([`libs/${room}/**/{testing/**/*,*spec}.ts`], patternsOf(room, roomsInTests[room] ?? [])),
]);
/** Later in the list than the room's own, and so in its place: the room's patterns stand in it too. */
const arrowsOfSteps = Object.entries(stepsBesideEachOther).flatMap(([room, steps]) => {
  const words = belowTheSteps[room];
  const beside = (folder, others) =>
    restrict(
      [`libs/${room}/src/${folder}/**/*.ts`],
      [
        ...patternsOf(room),
        {
          regex: `^(\\.\\./)+(${others.join('|')})/`,
          message: `${room}/${folder} may not import this folder: what both need lies in ${words.join(', ')} (eslint.config.mjs).`,
        },
      ],
    );
  return [
    ...steps.map((step) =>
      beside(
        step,
        steps.filter((other) => other !== step),
      ),
    ),
    ...words.map((folder) => beside(folder, steps)),
  ];
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '**/*.mjs'] },
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
      '@typescript-eslint/parameter-properties': ['error', { prefer: 'parameter-property' }],
      'no-restricted-syntax': ['error', ...houseStyle],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: runsFromSource,
    rules: {
      '@typescript-eslint/parameter-properties': 'off',
      'no-restricted-syntax': ['error', ...houseStyle, parameterProperty],
    },
  },
  ...arrows,
  ...arrowsOfSteps,
  {
    files: ['apps/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^#libs/[^/]+/(?!testing$)', message: 'Import a room by its door: #libs/<room>.' },
            {
              regex: `^(\\.\\./)+(apps/)?(${apps.join('|')}|libs)/`,
              message: 'An app imports no app: what two share is a room (libs/installation).',
            },
          ],
        },
      ],
    },
  },
);
