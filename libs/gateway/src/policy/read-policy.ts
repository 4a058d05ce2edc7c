import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { parseWrittenAddress } from '#libs/vocabulary';
import { compileExpression, expression, ExpressionFault, namePattern } from './content/expression.ts';
import type { ContentDetector } from './content/detector.ts';
import { danishCpr } from './content/danish-cpr.ts';
import { iban } from './content/iban.ts';
import { paymentCard } from './content/payment-card.ts';
import { FIXED_RULES } from './decide-treatment.ts';
import type { AddressPattern, HeaderPattern, MailPolicy, PolicyTest, SealTerms, Treatment } from './policy.ts';
import { policyDocument } from './policy-schema.ts';
import type { WrittenCondition, WrittenExample, WrittenPolicy, WrittenTreatment } from './policy-schema.ts';

/** One fault of a policy's document, where an operator finds it. */
export interface PolicyFault {
  /** From 1; null where it is of the document as a whole. */
  readonly line: number | null;
  /** `rules.2.when.recipient`; '' for the document. */
  readonly path: string;
  readonly message: string;
}

export type PolicyReading =
  | { readonly policy: MailPolicy; readonly examples: readonly WrittenExample[] }
  | { readonly faults: readonly PolicyFault[] };

/** 1 Mi characters. */
const MAX_DOCUMENT_CHARACTERS = 1024 * 1024;

type Path = readonly (string | number)[];

/** Reads a policy's document (YAML 1.2): all of its faults at once, or a policy that every mail can be decided by. */
export function readPolicy(source: string, today: () => Date): PolicyReading {
  if (source.length > MAX_DOCUMENT_CHARACTERS) {
    return { faults: [{ line: null, path: '', message: `is longer than ${MAX_DOCUMENT_CHARACTERS} characters` }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, maxAliasCount: 0, prettyErrors: false } as object);
  if (document.errors.length > 0) {
    return {
      faults: document.errors.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, path: '', message })),
    };
  }
  const faultAt = (path: Path, message: string): PolicyFault => ({
    line: lineOf(document, lines, path),
    path: path.join('.'),
    message,
  });
  let written: unknown;
  try {
    written = document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    return { faults: [faultAt([], `uses aliases, which a policy must not (${(cause as Error).message})`)] };
  }
  const parsed = policyDocument.safeParse(written ?? {});
  if (!parsed.success) {
    return {
      faults: parsed.error.issues.map(({ path, message }) =>
        faultAt(path as Path, message.replace(/^Invalid input: /, '')),
      ),
    };
  }
  const meaning = new Meaning(parsed.data, today);
  const policy = meaning.policy();
  if (meaning.faults.length > 0) return { faults: meaning.faults.map(({ path, message }) => faultAt(path, message)) };
  return { policy, examples: parsed.data.examples };
}

/** The line of what a path leads to, or of the nearest thing around it. */
function lineOf(document: Document, lines: LineCounter, path: Path): number | null {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    const node = (pair?.key ?? document.getIn(path.slice(0, length), true)) as
      { range?: [number, number, number] } | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}

/** What the words of a document mean; what has no meaning is a fault with its place. */
class Meaning {
  readonly faults: { readonly path: Path; readonly message: string }[] = [];
  private readonly groups: ReadonlyMap<string, readonly AddressPattern[]>;

  constructor(
    private readonly written: WrittenPolicy,
    private readonly today: () => Date,
  ) {
    this.groups = new Map(
      Object.entries(written.groups).map(([name, members]) => [name, this.addresses(members, ['groups', name])]),
    );
  }

  policy(): MailPolicy {
    const { rules, otherwise, machineMail } = this.written;
    const names = new Set<string>(FIXED_RULES);
    return {
      rules: rules.map((rule, at) => {
        if (names.has(rule.name)) this.fault(['rules', at, 'name'], 'is the name of another rule, or of a fixed one');
        names.add(rule.name);
        return {
          name: rule.name,
          tests: rule.when ? this.tests(rule.when, ['rules', at, 'when']) : [],
          treatment: treatmentOf(rule),
        };
      }),
      otherwise: treatmentOf(otherwise),
      machineMail,
    };
  }

  private fault(path: Path, message: string): void {
    this.faults.push({ path, message });
  }

  private tests(when: WrittenCondition, path: Path): PolicyTest[] {
    const tests: PolicyTest[] = [];
    if (when.recipient)
      tests.push({ kind: 'recipient', among: this.addresses(when.recipient, [...path, 'recipient']) });
    if (when.sender) tests.push({ kind: 'sender', among: this.addresses(when.sender, [...path, 'sender']) });
    if (when.header)
      tests.push({ kind: 'header', among: when.header.map((each, at) => this.header(each, [...path, 'header', at])) });
    if (when.subjectTag) tests.push({ kind: 'subjectTag', among: when.subjectTag });
    if (when.sensitivityLabel) tests.push({ kind: 'sensitivityLabel', among: when.sensitivityLabel });
    if (when.largerThan) tests.push({ kind: 'largerThan', bytes: bytesOf(when.largerThan) });
    if (when.attachment) {
      const { kinds = [], names = [] } = when.attachment;
      tests.push({ kind: 'attachment', kinds, names: names.map((said) => ({ said, matches: namePattern(said) })) });
    }
    if (when.unsearchable) tests.push({ kind: 'unsearchable' });
    if (when.content) {
      const { kinds = [], expressions = [], atLeast } = when.content;
      const own = expressions.flatMap((source, at) => this.expression(source, [...path, 'content', 'expressions', at]));
      tests.push({ kind: 'content', detectors: [...kinds.map((kind) => this.detector(kind)), ...own], atLeast });
    }
    if (when.any) tests.push({ kind: 'any', of: when.any.map((each, at) => this.tests(each, [...path, 'any', at])) });
    if (when.not) tests.push({ kind: 'not', tests: this.tests(when.not, [...path, 'not']) });
    return tests;
  }

  private detector(kind: 'payment-card' | 'iban' | 'danish-cpr'): ContentDetector {
    switch (kind) {
      case 'payment-card':
        return paymentCard;
      case 'iban':
        return iban;
      case 'danish-cpr':
        return danishCpr(this.today);
    }
  }

  private expression(source: string, path: Path): ContentDetector[] {
    try {
      return [expression(source)];
    } catch (error) {
      if (!(error instanceof ExpressionFault)) throw error;
      this.fault(path, error.message);
      return [];
    }
  }

  private header({ name, is, matches }: NonNullable<WrittenCondition['header']>[number], path: Path): HeaderPattern {
    const common = { name: name.toLowerCase() };
    if (is) {
      const values = new Set(is.map((value) => value.toLowerCase()));
      return { ...common, said: `${name} is as named`, matches: (text) => values.has(text.trim().toLowerCase()) };
    }
    if (matches === undefined) return { ...common, said: `${name} is there`, matches: () => true };
    try {
      const compiled = compileExpression(matches);
      return { ...common, said: `${name} matches`, matches: (text) => compiled.matcher(text).find() };
    } catch (error) {
      if (!(error instanceof ExpressionFault)) throw error;
      this.fault([...path, 'matches'], error.message);
      return { ...common, said: name, matches: () => false };
    }
  }

  private addresses(written: readonly string[], path: Path): AddressPattern[] {
    return written.flatMap((text, at) => {
      const group = /^group:(.+)$/.exec(text)?.[1];
      if (group !== undefined) {
        const members = this.groups?.get(group); // undefined while the groups themselves are read
        if (!members) this.fault([...path, at], `names the group ${group}, which is not there; groups hold no groups`);
        return members ?? [];
      }
      const [, below, domain] = /^@(\*\.)?(.+)$/.exec(text) ?? [];
      try {
        if (domain === undefined) return [{ kind: 'address', address: parseWrittenAddress(text) }];
        // one label alone (`@*.dk`) is a domain that only others lie below
        const canonical = below
          ? parseWrittenAddress(`x@x.${domain}`).slice(4)
          : parseWrittenAddress(`x@${domain}`).slice(2);
        return [{ kind: 'domain', domain: canonical, withSubdomains: below !== undefined }];
      } catch {
        this.fault([...path, at], 'is no address, no @domain, no @*.domain and no group:name');
        return [];
      }
    });
  }
}

function treatmentOf({ seal, refuse }: WrittenTreatment): Treatment {
  if (refuse !== undefined) return { action: 'refuse', reason: refuse };
  if (seal === undefined) return { action: 'pass' };
  return { action: 'seal', terms: seal === true ? DEFAULT_TERMS : termsOf(seal) };
}

/** What a seal without further words comes to. */
export const DEFAULT_TERMS: SealTerms = {
  lifetimeSeconds: null,
  mayDownload: true,
  mayReply: true,
  mayForward: true,
  proof: 'any',
  isSharedMailbox: false,
  carrierSubject: 'own',
  carrierText: {},
};

const DAY_SECONDS = 24 * 3600;

function termsOf({
  lifetimeDays,
  sharedMailbox,
  ...terms
}: Exclude<WrittenTreatment['seal'], true | undefined>): SealTerms {
  return {
    ...terms,
    lifetimeSeconds: lifetimeDays === undefined ? null : lifetimeDays * DAY_SECONDS,
    isSharedMailbox: sharedMailbox,
  };
}

const UNITS: Readonly<Record<string, number>> = {
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

function bytesOf(size: string): number {
  const [, count = '', unit = ''] = /^(\d+) ?(\w+)$/.exec(size) ?? [];
  return Number(count) * (UNITS[unit] ?? 1);
}
