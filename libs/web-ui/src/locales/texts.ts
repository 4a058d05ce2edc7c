/** A text whose wording depends on a number: one wording for each plural category that the language has (CLDR). */
export class PluralText {
  /** The parameter that is counted. */
  readonly by: string;
  readonly forms: PluralForms;

  constructor(by: string, forms: PluralForms) {
    this.by = by;
    this.forms = forms;
  }
}

export type PluralForms = { readonly [category in Intl.LDMLPluralRule]?: string } & { readonly other: string };

/** `plural('count', { one: '{count} attachment', other: '{count} attachments' })` */
export function plural(by: string, forms: PluralForms): PluralText {
  return new PluralText(by, forms);
}

/** Texts in groups; `{name}` in a text is a parameter. A leaf is named by its path: `page.skipToContent`. */
export type TextTree = { readonly [name: string]: string | PluralText | TextTree };

/** Every path to a leaf of a tree. */
export type KeysOf<Tree> = {
  [Name in keyof Tree & string]: Tree[Name] extends string | PluralText ? Name : `${Name}.${KeysOf<Tree[Name]>}`;
}[keyof Tree & string];

export type TextParams = { readonly [name: string]: string | number };

/** The leaves of a tree by their path. */
export function flatten(tree: TextTree, prefix = ''): Map<string, string | PluralText> {
  const leaves = new Map<string, string | PluralText>();
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value === 'string' || value instanceof PluralText) leaves.set(prefix + name, value);
    else for (const [key, text] of flatten(value, `${prefix}${name}.`)) leaves.set(key, text);
  }
  return leaves;
}

const PARAMETER = /\{([A-Za-z]+)\}/g;

/** The parameters that a text needs, in alphabetical order. */
export function parametersOf(text: string | PluralText): string[] {
  if (text instanceof PluralText) {
    return [...new Set([text.by, ...Object.values(text.forms).flatMap((form) => parametersOf(form))])].sort();
  }
  return [...new Set([...text.matchAll(PARAMETER)].map((match) => match[1] ?? ''))].sort();
}

/** @throws TypeError for a parameter that the text needs and was not given: half a sentence is worse than an error in a test */
export function fill(text: string, params: TextParams, format: (value: number) => string): string {
  return text.replace(PARAMETER, (_, name: string) => {
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (value === undefined) throw new TypeError(`the text "${text}" needs {${name}}`);
    return typeof value === 'number' ? format(value) : value;
  });
}
