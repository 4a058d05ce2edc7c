import { createHash } from 'node:crypto';
import type { DefaultTreeAdapterMap } from 'parse5';
import type { ReadingLimits } from '../reading-limits.ts';
import { declaredByAttributes, hexText, ON_WHITE, seen, SEEN_BY } from './appearance.ts';
import type { Appearance, Declared } from './appearance.ts';
import { contrast, WHITE } from './colour.ts';
import { attributeDeclarations, declarationsText } from './declarations.ts';
import type { Declaration } from './declarations.ts';
import { holdsOn, screensOf } from './media.ts';
import type { Screen } from './media.ts';
import { isLike, RuleMatcher } from './matching.ts';
import type { Entry, StyledElement } from './matching.ts';
import { BODY, OWN_NAMES } from './selector.ts';
import { styleRules, sheetText } from './style-sheet.ts';
import type { MailSheet, StyleRule } from './style-sheet.ts';

type Element = DefaultTreeAdapterMap['element'];
type ChildNode = DefaultTreeAdapterMap['childNode'];

export type StyleLimits = Pick<ReadingLimits, 'sheetBytes' | 'sheetSelectors' | 'sheetWidths' | 'styleSteps'>;

/** A rule, and on which of the screens it counts. */
interface KnownRule {
  readonly rule: StyleRule;
  readonly seenBy: readonly Declaration[];
  readonly isOn: readonly boolean[];
}

/** How an element looks on each of the screens. */
interface Look {
  readonly appearances: readonly Appearance[];
  /** The class for its repair. */
  readonly mark: string | null;
  /** Of elements within it, by all that can make a difference. */
  readonly within: Map<string, Look>;
}

interface Walked {
  readonly element: Element;
  readonly styled: StyledElement;
  readonly look: Look;
}

/**
 * The style sheets of one HTML part: cut down to what may stand in a frame, held against its elements, and completed by rules of our own
 * where an element would otherwise be unreadable, half hidden, or painted over another.
 */
export class MailStyles {
  /** Its sheets asked for more than the limits give: none of them is kept. */
  readonly isTooComplex: boolean;
  private readonly base: readonly StyleRule[];
  private readonly limits: StyleLimits;
  private readonly rules: readonly StyleRule[];
  private readonly screens: readonly Screen[];
  private readonly known = new Map<string, readonly Declaration[]>();

  /** @param base of the mail's own body, weaker than all of its rules */
  constructor(sheets: readonly MailSheet[], base: readonly StyleRule[], limits: StyleLimits) {
    this.base = base;
    this.limits = limits;
    const rules = within(sheets, limits) ? styleRules(sheets) : null;
    const screens =
      rules &&
      screensOf(
        rules.flatMap(({ media }) => media),
        limits.sheetWidths,
      );
    const selectors = rules?.reduce((sum, rule) => sum + rule.selectors.length, 0) ?? 0;
    this.isTooComplex = screens === null || selectors > limits.sheetSelectors;
    this.rules = this.isTooComplex ? [] : (rules ?? []);
    this.screens = (!this.isTooComplex && screens) || [{ width: 1000, scheme: 'light', conditions: [] }];
  }

  /**
   * Marks the elements that need a repair by a class of our own, in place; `body` becomes the element of the class `scope`.
   * @returns the text of a style element that goes with it; empty where there is nothing to say
   * @throws StylesTooComplex when matching takes too long: try without sheets
   */
  applyTo(body: Element, scope: string): string {
    const repairs = new Repairs(this.screens, scope);
    const matcher = new RuleMatcher<KnownRule>(this.entries(), this.limits.styleSteps);
    const top: StyledElement = { ...facts(body), tag: BODY, parent: null, previous: null, isLast: true };
    const paper: Look = { appearances: this.screens.map(() => ON_WHITE), mark: null, within: new Map() };
    const root: Walked = { element: body, styled: top, look: this.look(top, body, paper, matcher, repairs) };
    const open = [root];
    for (let parent = open.pop(); parent; parent = open.pop()) {
      const elements = parent.element.childNodes.filter(isElement);
      const last = elements.length - 1;
      let previous: StyledElement | null = null;
      for (const [at, element] of elements.entries()) {
        const styled: StyledElement = { ...facts(element), parent: parent.styled, previous, isLast: at === last };
        previous = styled;
        if (styled.classes.some((name) => name.startsWith(OWN_NAMES))) continue;
        const look = this.look(styled, element, parent.look, matcher, repairs);
        if (element.childNodes.length > 0) open.push({ element, styled, look });
      }
    }
    const own = sheetText([...this.base, ...this.rules], scope, (compound) => isLike(compound, top));
    return own + repairs.text() + this.groundText(root.look, scope);
  }

  /** The ground of the body fills the frame, as it would fill a window (CSS Backgrounds 3, section 2.11.2). */
  private groundText({ appearances }: Look, scope: string): string {
    if (appearances.every(({ ground }) => contrast(ground, WHITE) === 1)) return '';
    return this.screens
      .map(({ conditions }, at) =>
        onScreen(
          conditions,
          `html:has(>body>.${scope}){background-color:${hexText(appearances[at]?.ground ?? WHITE)}}`,
        ),
      )
      .join('');
  }

  private *entries(): Iterable<Entry<KnownRule>> {
    let order = 0;
    for (const rule of [...this.base, ...this.rules]) {
      const seenBy = rule.declarations.filter(({ property }) => SEEN_BY.has(property));
      if (seenBy.length === 0) continue;
      const isOn = this.screens.map((screen) => rule.media.some((media) => holdsOn(media, screen)));
      for (const selector of rule.selectors) yield { selector, rule: { rule, seenBy, isOn }, order: order++ };
    }
  }

  /** @param around of its parent. @returns its own; alike elements within alike parents are looked at once */
  private look(
    styled: StyledElement,
    element: Element,
    around: Look,
    matcher: RuleMatcher<KnownRule>,
    repairs: Repairs,
  ): Look {
    const found = matcher.matching(styled);
    const hasWords = saysSomething(element);
    let key = `${styled.tag} ${hasWords} ${styled.isLink}`;
    for (const { order } of found) key += ` ${order}`;
    for (const { name, value } of element.attrs) if (DECLARING.has(name)) key += ` ${name}=${value}`;
    const known = around.within.get(key);
    const look = known ?? this.newLook(found, element, around, hasWords, styled.isLink, repairs);
    if (!known) around.within.set(key, look);
    if (look.mark !== null) addClass(element, look.mark);
    return look;
  }

  private newLook(
    found: readonly Entry<KnownRule>[],
    element: Element,
    around: Look,
    hasWords: boolean,
    isLink: boolean,
    repairs: Repairs,
  ): Look {
    const own = this.ownDeclarations(element);
    const hints = declaredByAttributes((name) => attribute(element, name));
    const perScreen = this.screens.map((_screen, at) => {
      const declared: Declared = new Map(hints);
      declare(declared, found, at, false);
      for (const { property, value } of own) declared.set(property, value);
      declare(declared, found, at, true);
      return seen(around.appearances[at] ?? ON_WHITE, element.tagName, declared, hasWords, isLink);
    });
    const needsRepair = perScreen.some(({ repair }) => repair.length > 0);
    return {
      appearances: perScreen.map(({ appearance }) => appearance),
      mark: needsRepair ? repairs.markFor(perScreen.map(({ repair }) => declarationsText(repair))) : null,
      within: new Map(),
    };
  }

  /** Mails say the same thing on every cell: each style is looked at once. */
  private ownDeclarations(element: Element): readonly Declaration[] {
    const style = attribute(element, 'style');
    if (style === undefined) return [];
    const known = this.known.get(style);
    if (known) return known;
    const declarations = attributeDeclarations(style).filter(({ property }) => SEEN_BY.has(property));
    this.known.set(style, declarations);
    return declarations;
  }
}

/** Rules of our own, one for each thing that is to be done, whatever the number of elements that need it. */
class Repairs {
  private readonly marks = new Map<string, { readonly mark: string; readonly perScreen: readonly string[] }>();

  private readonly screens: readonly Screen[];
  private readonly scope: string;

  constructor(screens: readonly Screen[], scope: string) {
    this.screens = screens;
    this.scope = scope;
  }

  /** @param perScreen what is to be declared on each. @returns the class for it */
  markFor(perScreen: readonly string[]): string {
    const key = perScreen.join('|');
    const known = this.marks.get(key);
    if (known) return known.mark;
    const mark = `${OWN_NAMES}${createHash('sha256').update(key).digest('hex').slice(0, 8)}`; // one rule, one name: on a page with others too
    this.marks.set(key, { mark, perScreen });
    return mark;
  }

  text(): string {
    const marks = [...this.marks.values()];
    const rule = (mark: string, declarations: string): string =>
      `.${this.scope} .${mark},.${this.scope}.${mark}{${declarations}}`;
    const always = marks.filter(({ perScreen }) => perScreen.every((each) => each === perScreen[0]));
    const sometimes = marks.filter((each) => !always.includes(each));
    const perScreen = this.screens.map(({ conditions }, at) => {
      const rules = sometimes
        .filter((each) => each.perScreen[at] !== '')
        .map((each) => rule(each.mark, each.perScreen[at] ?? ''));
      return rules.length === 0 ? '' : onScreen(conditions, rules.join(''));
    });
    return always.map((each) => rule(each.mark, each.perScreen[0] ?? '')).join('') + perScreen.join('');
  }
}

function onScreen(conditions: readonly string[], rules: string): string {
  return conditions.map((condition) => `@media ${condition}{`).join('') + rules + '}'.repeat(conditions.length);
}

function declare(declared: Declared, found: readonly Entry<KnownRule>[], screen: number, isImportant: boolean): void {
  for (const { rule } of found) {
    if (!rule.isOn[screen]) continue;
    for (const each of rule.seenBy) if (each.isImportant === isImportant) declared.set(each.property, each.value);
  }
}

function within(sheets: readonly MailSheet[], { sheetBytes }: StyleLimits): boolean {
  return sheets.reduce((sum, { text }) => sum + text.length, 0) <= sheetBytes;
}

function facts(element: Element): Pick<StyledElement, 'tag' | 'id' | 'classes' | 'isLink'> {
  const names = attribute(element, 'class')?.trim();
  return {
    tag: element.tagName,
    id: attribute(element, 'id') ?? '',
    classes: names ? names.split(/\s+/) : NO_CLASSES,
    isLink: element.tagName === 'a' && attribute(element, 'href') !== undefined,
  };
}
/** Attributes that say how an element looks. */
const DECLARING = new Set(['style', 'color', 'bgcolor', 'hidden']);
const NO_CLASSES: readonly string[] = [];

function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((each) => each.name === name)?.value;
}

function addClass(element: Element, name: string): void {
  const known = element.attrs.find((each) => each.name === 'class');
  if (known) known.value += ` ${name}`;
  else element.attrs.push({ name: 'class', value: name });
}

function isElement(node: ChildNode): node is Element {
  return 'tagName' in node;
}

/** Words of its own, or those that stand for a picture which is not there. */
function saysSomething(element: Element): boolean {
  if (element.tagName === 'img')
    return attribute(element, 'src') === undefined && (attribute(element, 'alt') ?? '') !== '';
  return element.childNodes.some((node) => node.nodeName === '#text' && 'value' in node && node.value.trim() !== '');
}
