import { z } from 'zod';
import { LOCALES } from '#libs/web-ui';
import { ATTACHMENT_KINDS, MACHINE_MAIL } from './policy.ts';

/** What a policy's document may say. Strict: a misspelt word is a fault, never a rule that holds for everything. */

/** 500 rules, and as many names in a list of them: more is a directory, not a policy. */
const MAX_ITEMS = 500;
const text = z.string().min(1).max(1000);

/** One or several, written as one or as a list. */
function some<Item extends z.ZodType>(item: Item) {
  return z.union([item.transform((one) => [one]), z.array(item).min(1).max(MAX_ITEMS)]);
}

const header = z
  .strictObject({
    name: z
      .string()
      .regex(/^[!-9;-~]+$/, 'is no name of a header field')
      .max(200),
    is: some(text).optional(),
    matches: text.optional(),
  })
  .refine(({ is, matches }) => is === undefined || matches === undefined, 'has both "is" and "matches"');

const size = z.string().regex(/^\d{1,9} ?(?:kB|MB|GB|KiB|MiB|GiB)$/, 'is no size such as 10 MB');

const attachment = z
  .strictObject({ kinds: some(z.enum(ATTACHMENT_KINDS)).optional(), names: some(text).optional() })
  .refine(({ kinds, names }) => kinds !== undefined || names !== undefined, 'names neither kinds nor names');

const content = z
  .strictObject({
    kinds: some(z.enum(['payment-card', 'iban', 'danish-cpr'])).optional(),
    expressions: some(text).optional(),
    atLeast: z.int().min(1).max(1000).default(1),
  })
  .refine(
    ({ kinds, expressions }) => kinds !== undefined || expressions !== undefined,
    'names neither kinds nor expressions',
  );

export interface WrittenCondition {
  readonly recipient?: string[] | undefined;
  readonly sender?: string[] | undefined;
  readonly header?: z.output<typeof header>[] | undefined;
  readonly subjectTag?: string[] | undefined;
  readonly sensitivityLabel?: string[] | undefined;
  readonly largerThan?: string | undefined;
  readonly attachment?: z.output<typeof attachment> | undefined;
  readonly content?: z.output<typeof content> | undefined;
  readonly unsearchable?: true | undefined;
  readonly any?: WrittenCondition[] | undefined;
  readonly not?: WrittenCondition | undefined;
}

const condition: z.ZodType<WrittenCondition> = z
  .strictObject({
    recipient: some(text),
    sender: some(text),
    header: some(header),
    subjectTag: some(z.string().min(2).max(100)),
    sensitivityLabel: some(text),
    largerThan: size,
    attachment,
    content,
    unsearchable: z.literal(true),
    any: z.lazy(() => z.array(condition).min(1).max(MAX_ITEMS)),
    not: z.lazy(() => condition),
  })
  .partial()
  .refine((tests) => Object.keys(tests).length > 0, 'asks for nothing; a rule for every mail has no "when"');

/** Longest lifetime: ten years. */
const MAX_LIFETIME_DAYS = 3650;

/** As `organisation.carrierText` has it: 240 bytes of UTF-8, so that a carrier stays within its bound. */
const carrierText = z
  .string()
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u, 'is not one line')
  .refine((given) => given.trim() !== '' && Buffer.byteLength(given) <= 240, 'has not 1 to 240 bytes of UTF-8');

const terms = z.strictObject({
  lifetimeDays: z.int().min(1).max(MAX_LIFETIME_DAYS).optional(),
  mayDownload: z.boolean().default(true),
  mayReply: z.boolean().default(true),
  mayForward: z.boolean().default(true),
  proof: z.enum(['any', 'account']).default('any'),
  sharedMailbox: z.boolean().default(false),
  carrierSubject: z
    .union([
      z.enum(['own', 'original']),
      z.strictObject({
        text: z
          .string()
          .min(1)
          .max(200)
          .regex(/^\P{Cc}+$/u, 'is not one line'),
      }),
    ])
    .default('own'),
  carrierText: z.partialRecord(z.enum(LOCALES), carrierText).default({}),
});

export type WrittenTerms = z.output<typeof terms>;

const treatment = {
  seal: z.union([z.literal(true), terms]).optional(),
  pass: z.literal(true).optional(),
  refuse: z
    .string()
    .max(200)
    .regex(/^[ -~]+$/, 'is not one line of plain ASCII')
    .optional(),
};

export interface WrittenTreatment {
  readonly seal?: true | WrittenTerms | undefined;
  readonly pass?: true | undefined;
  readonly refuse?: string | undefined;
}

function isOneTreatment(rule: WrittenTreatment): boolean {
  return [rule.seal, rule.pass, rule.refuse].filter((each) => each !== undefined).length === 1;
}

const ONE_TREATMENT = 'needs exactly one of seal, pass and refuse';

const rule = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/,
        'is no name: 1 to 64 of a-z 0-9 . -, a letter or digit at both ends',
      ),
    when: condition.optional(),
    ...treatment,
  })
  .refine(isOneTreatment, ONE_TREATMENT);

const example = z.strictObject({
  mail: text,
  from: text.optional(),
  to: text,
  expect: z
    .strictObject({ rule: text.optional(), action: z.enum(['seal', 'pass', 'refuse']).optional() })
    .refine((expected) => Object.keys(expected).length > 0, 'expects nothing'),
});

export type WrittenExample = z.output<typeof example>;

export const policyDocument = z.strictObject({
  groups: z.record(z.string().regex(/^[a-z0-9-]{1,64}$/, 'is no name of a group'), some(text)).default({}),
  machineMail: z
    .strictObject(
      Object.fromEntries(MACHINE_MAIL.map((kind) => [kind, z.enum(['pass', 'rules']).default('pass')])) as Record<
        (typeof MACHINE_MAIL)[number],
        z.ZodDefault<z.ZodEnum<{ pass: 'pass'; rules: 'rules' }>>
      >,
    )
    .prefault({}),
  rules: z.array(rule).max(MAX_ITEMS),
  otherwise: z.strictObject(treatment).refine(isOneTreatment, ONE_TREATMENT).default({ seal: true }),
  examples: z.array(example).max(MAX_ITEMS).default([]),
});

export type WrittenPolicy = z.output<typeof policyDocument>;
export type WrittenRule = WrittenPolicy['rules'][number];
