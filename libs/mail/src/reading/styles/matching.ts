import type { Compound, Selector } from './selector.ts';

/** An element as selectors see it. */
export interface StyledElement {
  readonly tag: string;
  readonly id: string;
  readonly classes: readonly string[];
  readonly parent: StyledElement | null;
  /** The element before it, of the same parent. */
  readonly previous: StyledElement | null;
  readonly isLast: boolean;
  /** It leads somewhere. */
  readonly isLink: boolean;
}

/** More work than a mail may ask for; a browser would have it to do again. */
export class StylesTooComplex extends Error {}

/** One selector of one rule. */
export interface Entry<Rule> {
  readonly selector: Selector;
  readonly rule: Rule;
  /** Among all of the mail, for those that are equally specific. */
  readonly order: number;
}

/**
 * Which rules apply to an element, as browsers find them: by what its last compound names, then from right to left. Counts its
 * steps over all elements.
 */
export class RuleMatcher<Rule> {
  private readonly byId = new Map<string, Entry<Rule>[]>();
  private readonly byClass = new Map<string, Entry<Rule>[]>();
  private readonly byTag = new Map<string, Entry<Rule>[]>();
  private readonly everywhere: Entry<Rule>[] = [];

  private stepsLeft: number;

  /** @param steps at most; one is one compound held against one element */
  constructor(entries: Iterable<Entry<Rule>>, steps: number) {
    this.stepsLeft = steps;
    for (const entry of entries) {
      const { ids, classes, tag } = entry.selector.compounds.at(-1) as Compound;
      if (ids[0] !== undefined) add(this.byId, ids[0], entry);
      else if (classes[0] !== undefined) add(this.byClass, classes[0], entry);
      else if (tag !== null) add(this.byTag, tag, entry);
      else this.everywhere.push(entry);
    }
  }

  /** @returns the weakest first. @throws StylesTooComplex */
  matching(element: StyledElement): Entry<Rule>[] {
    const found: Entry<Rule>[] = [];
    this.collect(this.everywhere, element, found);
    this.collect(this.byTag.get(element.tag), element, found);
    for (const name of new Set(element.classes)) this.collect(this.byClass.get(name), element, found);
    if (element.id !== '') this.collect(this.byId.get(element.id), element, found);
    return found.sort((one, other) => one.selector.specificity - other.selector.specificity || one.order - other.order);
  }

  private collect(entries: readonly Entry<Rule>[] | undefined, element: StyledElement, found: Entry<Rule>[]): void {
    for (const entry of entries ?? []) {
      const last = entry.selector.compounds.length - 1;
      if (this.matches(entry.selector, last, element)) found.push(entry);
    }
  }

  private matches(selector: Selector, at: number, element: StyledElement): boolean {
    if (!this.isLike(selector.compounds[at] as Compound, element)) return false;
    if (at === 0) return true;
    const combinator = selector.combinators[at - 1];
    if (combinator === '>') return element.parent !== null && this.matches(selector, at - 1, element.parent);
    if (combinator === '+') return element.previous !== null && this.matches(selector, at - 1, element.previous);
    const next = combinator === '~' ? 'previous' : 'parent';
    // what fails from the nearest fails from all that are farther, where the way on is of the same kind
    const isSettledByNearest = at === 1 || selector.combinators[at - 2] === combinator;
    for (let other = element[next]; other !== null; other = other[next]) {
      if (this.matches(selector, at - 1, other)) return true;
      if (isSettledByNearest && this.isLike(selector.compounds[at - 1] as Compound, other)) return false;
    }
    return false;
  }

  private isLike(compound: Compound, element: StyledElement): boolean {
    if (this.stepsLeft-- <= 0) throw new StylesTooComplex();
    return isLike(compound, element);
  }
}

export function isLike({ tag, ids, classes, structure, isLink }: Compound, element: StyledElement): boolean {
  return (
    (tag === null || tag === element.tag) &&
    ids.every((id) => id === element.id) &&
    classes.every((name) => element.classes.includes(name)) &&
    structure.every((place) => (place === 'first-child' ? element.previous === null : element.isLast)) &&
    (!isLink || element.isLink)
  );
}

function add<Rule>(entries: Map<string, Entry<Rule>[]>, name: string, entry: Entry<Rule>): void {
  const known = entries.get(name);
  if (known) known.push(entry);
  else entries.set(name, [entry]);
}
