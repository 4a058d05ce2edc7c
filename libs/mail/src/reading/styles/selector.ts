import type { CssNode, Selector as ParsedSelector } from 'css-tree';

/** The names of classes and ids that are the portal's own in a frame. */
export const OWN_NAMES = 'segl-';
/** In front of every id of a mail, so that it can never be the name of anything else. */
export const ID_PREFIX = 'm_';

/** One element's part of a selector. */
export interface Compound {
  readonly tag: string | null;
  readonly ids: readonly string[];
  readonly classes: readonly string[];
  readonly structure: readonly ('first-child' | 'last-child')[];
  readonly isLink: boolean;
}

export type Combinator = ' ' | '>' | '+' | '~';

/** `combinators[i]` stands between `compounds[i]` and `compounds[i + 1]`; the last compound is the element that is styled. */
export interface Selector {
  readonly compounds: readonly Compound[];
  readonly combinators: readonly Combinator[];
  /** As one number: ids, classes, tags (Selectors 4, section 17), each below 256. */
  readonly specificity: number;
}

/** What stands for the body of a mail, and for its document as well: there is one of each. */
export const BODY = 'body';

const MAX_COMPOUNDS = 12;
const NAME = /^[a-z_-][\w-]{0,99}$/i;
const TAG = /^[a-z][a-z0-9]{0,15}$/;

/** @returns the name as it may stand in a class attribute, or null */
export function safeName(name: string): string | null {
  return NAME.test(name) && !name.toLowerCase().startsWith(OWN_NAMES) ? name : null;
}

/** The prefix is there once, however often a mail goes through here. */
export function prefixedId(id: string): string | null {
  const name = safeName(id.replace(/^m_/, ''));
  return name && ID_PREFIX + name;
}

/**
 * What a selector may ask: tag, class, id, place among siblings, ancestors. Never an attribute's value or a state (they can tell),
 * never what is no element. `[class=x]`, as mails for Yahoo have it, becomes `.x`.
 */
export function safeSelector({ children }: ParsedSelector): Selector | null {
  const compounds: Compound[] = [];
  const combinators: Combinator[] = [];
  let part: CssNode[] = [];
  const close = (): boolean => {
    const compound = part.length > 0 ? safeCompound(part) : null;
    if (compound) compounds.push(compound);
    part = [];
    return compound !== null;
  };
  for (const node of children) {
    if (node.type !== 'Combinator') {
      part.push(node);
      continue;
    }
    const name = node.name.trim() || ' ';
    if (!close() || !isCombinator(name)) return null;
    combinators.push(name);
  }
  if (!close() || compounds.length > MAX_COMPOUNDS) return null;
  if (compounds[0]?.tag === 'html' && compounds.length > 1 && /[ >]/.test(combinators[0] ?? '')) {
    compounds.shift();
    combinators.shift();
  }
  const own = compounds.map((compound) => (compound.tag === 'html' ? { ...compound, tag: BODY } : compound));
  return { compounds: own, combinators, specificity: specificityOf(own) };
}

function safeCompound(nodes: readonly CssNode[]): Compound | null {
  const ids: string[] = [];
  const classes: string[] = [];
  const structure: Compound['structure'][number][] = [];
  let tag: string | null = null;
  let isLink = false;
  for (const node of nodes) {
    const name = 'name' in node && typeof node.name === 'string' ? node.name : '';
    if (node.type === 'TypeSelector') {
      if (name !== '*' && !TAG.test(name.toLowerCase())) return null;
      tag = name === '*' ? null : name.toLowerCase();
    } else if (node.type === 'ClassSelector') {
      const known = safeName(name);
      if (known === null) return null;
      classes.push(known);
    } else if (node.type === 'IdSelector') {
      const known = prefixedId(name);
      if (known === null) return null;
      ids.push(known);
    } else if (node.type === 'PseudoClassSelector' && node.children === null) {
      const state = name.toLowerCase();
      if (state === 'root') tag = 'html';
      else if (state === 'link' || state === 'any-link') isLink = true;
      else if (state === 'first-child' || state === 'last-child') structure.push(state);
      else return null;
    } else {
      const known = node.type === 'AttributeSelector' ? classAsked(node) : null;
      if (known === null) return null;
      classes.push(known);
    }
  }
  return { tag, ids, classes, structure, isLink };
}

function classAsked({ name, matcher, value, flags }: Extract<CssNode, { type: 'AttributeSelector' }>): string | null {
  if (name.name.toLowerCase() !== 'class' || flags !== null || value === null) return null;
  if (matcher !== '=' && matcher !== '~=') return null;
  return safeName(value.type === 'String' ? value.value : value.name);
}

function isCombinator(name: string): name is Combinator {
  return name === ' ' || name === '>' || name === '+' || name === '~';
}

function specificityOf(compounds: readonly Compound[]): number {
  let ids = 0;
  let classes = 0;
  let tags = 0;
  for (const compound of compounds) {
    ids += compound.ids.length;
    classes += compound.classes.length + compound.structure.length + (compound.isLink ? 1 : 0);
    if (compound.tag !== null) tags++;
  }
  return (Math.min(ids, 255) * 256 + Math.min(classes, 255)) * 256 + tags;
}

/**
 * The selector as it stands in a frame, where the mail's body is an element of the class `scope`: it reaches nothing else. Everything
 * weighs one class more than before.
 * @param isBody whether the first compound means the body even though it does not name it
 */
export function scopedText(
  { compounds, combinators }: Selector,
  scope: string,
  isBody: (compound: Compound) => boolean,
): string {
  const [first, ...others] = compounds as [Compound, ...Compound[]];
  const rest = others.map((compound, at) => (combinators[at] ?? ' ') + (compoundText(compound) || '*')).join('');
  if (first.tag === BODY) return `div.${scope}${compoundText({ ...first, tag: null })}${rest}`;
  const within = `.${scope} ${compoundText(first) || '*'}${rest}`;
  return first.tag === null && isBody(first) ? `${within},.${scope}${compoundText(first)}${rest}` : within;
}

function compoundText({ tag, ids, classes, structure, isLink }: Compound): string {
  const names = [
    ...ids.map((id) => `#${id}`),
    ...classes.map((name) => `.${name}`),
    ...structure.map((name) => `:${name}`),
  ];
  return (tag ?? '') + names.join('') + (isLink ? ':any-link' : '');
}
