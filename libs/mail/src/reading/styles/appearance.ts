import {
  attributeColour,
  contrast,
  functionColour,
  hexColour,
  namedColour,
  NEARLY_BLACK,
  over,
  WHITE,
} from './colour.ts';
import type { Colour } from './colour.ts';
import type { Declaration } from './declarations.ts';

/** What has been declared for one element, by property; the strongest alone. */
export type Declared = Map<string, string>;

/** What decides whether and how the words of an element are seen, on one kind of screen. */
export interface Appearance {
  readonly colour: Colour;
  /** Opaque: what its words stand on. */
  readonly ground: Colour;
  readonly fontPixels: number;
  /** In pixels, or a number of font sizes, or null for the browser's own. */
  readonly lineHeight: { readonly value: number; readonly isPixels: boolean } | null;
  readonly isVisible: boolean;
  /** It and everything within it: not there at all. */
  readonly isGone: boolean;
}

export const ON_WHITE: Appearance = {
  colour: NEARLY_BLACK,
  ground: WHITE,
  fontPixels: 16,
  lineHeight: null,
  isVisible: true,
  isGone: false,
};

/** The least that words may stand out from their ground; WCAG's own for large text, and what a sender can be taken to have meant. */
const LEAST_CONTRAST = 3;
/** Too small to be read: meant not to be. It stays as it is. */
const LEAST_FONT_PIXELS = 4;
/** Boxes that grow with what is in them whatever their height says, or that hold none. */
const NO_BOX_TO_GROW = new Set('table thead tbody tfoot tr td th col colgroup img hr br wbr'.split(' '));
const LINK_COLOUR: Colour = { red: 0, green: 0, blue: 238, alpha: 1 };

/** Those of them that anything here depends on. */
export const SEEN_BY = new Set(
  (
    'color background-color display visibility opacity overflow overflow-x overflow-y height max-height min-height width max-width ' +
    'min-width font-size line-height'
  ).split(' '),
);

export interface Seen {
  readonly appearance: Appearance;
  /** What must be declared besides, more strongly than anything of the mail. Empty for nearly every element. */
  readonly repair: readonly Declaration[];
}

/**
 * How an element looks within its parent, and what keeps it in order: words can be told from their ground, what is hidden is hidden
 * whole, and nothing is painted over what stands beside it.
 */
export function seen(parent: Appearance, tag: string, declared: Declared, hasWords: boolean, isLink: boolean): Seen {
  const fontPixels = fontSize(declared.get('font-size'), parent.fontPixels);
  const inherited = isLink ? LINK_COLOUR : tag === 'mark' ? NEARLY_BLACK : parent.colour;
  const given = declared.get('color');
  let appearance: Appearance = {
    colour: given === 'inherit' ? parent.colour : ((given === undefined ? null : colourOf(given)) ?? inherited),
    ground: groundWithin(parent.ground, declared.get('background-color') ?? (tag === 'mark' ? '#ffff00' : undefined)),
    fontPixels,
    lineHeight: lineHeight(declared.get('line-height'), fontPixels, parent.lineHeight),
    isVisible: declared.has('visibility') ? declared.get('visibility') === 'visible' : parent.isVisible,
    isGone: parent.isGone || declared.get('display') === 'none',
  };
  if (appearance.isGone) return { appearance, repair: [] };
  if (isHidden(declared, appearance)) {
    return { appearance: { ...appearance, isGone: true }, repair: [important('display', 'none')] };
  }
  const repair: Declaration[] = NO_BOX_TO_GROW.has(tag) ? [] : growing(declared);
  if (hasWords && appearance.isVisible && fontPixels >= LEAST_FONT_PIXELS) {
    if (isSquashed(appearance)) {
      repair.push(important('line-height', 'normal'));
      appearance = { ...appearance, lineHeight: null };
    }
    if (contrast(over(appearance.colour, appearance.ground), appearance.ground) < LEAST_CONTRAST) {
      const colour = readable(appearance.ground, parent.colour);
      repair.push(important('color', hexText(colour)));
      appearance = { ...appearance, colour };
    }
  }
  return { appearance, repair };
}

/** The colour around it if that will do, else the better of black and white. */
function readable(ground: Colour, around: Colour): Colour {
  const [best] = [around, NEARLY_BLACK, WHITE]
    .map((colour) => over(colour, ground))
    .filter((colour) => contrast(colour, ground) >= LEAST_CONTRAST);
  return best ?? NEARLY_BLACK;
}

export function hexText({ red, green, blue }: Colour): string {
  return `#${[red, green, blue].map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('')}`;
}

function important(property: string, value: string): Declaration {
  return { property, value, isImportant: true };
}

/** Hidden in any of the ways in which senders hide a line for previews: it is gone, and its links with it. */
function isHidden(declared: Declared, { isVisible }: Appearance): boolean {
  if (declared.get('opacity') === '0') return true;
  const isCut = ['overflow', 'overflow-x', 'overflow-y'].some((property) => declared.has(property)) || !isVisible;
  const isFlat = isNothing(declared.get('height')) || isNothing(declared.get('max-height'));
  const isThin = isNothing(declared.get('width')) || isNothing(declared.get('max-width'));
  return (
    isCut &&
    ((isFlat && !isSomething(declared.get('min-height'))) || (isThin && !isSomething(declared.get('min-width'))))
  );
}

function isNothing(value: string | undefined): boolean {
  return (
    value !== undefined &&
    /^[.\d]/.test(value) &&
    Number.parseFloat(value) <= 2 &&
    !/(?:em|ex|ch|in|cm|pc)$/.test(value.replace(/^0.*/, '0'))
  );
}

function isSomething(value: string | undefined): boolean {
  return value !== undefined && value !== 'auto' && !isNothing(value);
}

/** A height that what is in it does not keep to would let it be painted over what follows: it becomes a least height. */
function growing(declared: Declared): Declaration[] {
  const height = declared.get('height');
  const most = declared.get('max-height');
  if (['overflow', 'overflow-y'].some((property) => declared.has(property))) return [];
  const repair: Declaration[] = [];
  if (most !== undefined && most !== 'none') repair.push(important('max-height', 'none'));
  if (height !== undefined && height !== 'auto') {
    repair.push(important('height', 'auto'));
    if (!height.endsWith('%') && !declared.has('min-height')) repair.push(important('min-height', height));
  }
  return repair;
}

function isSquashed({ lineHeight: height, fontPixels }: Appearance): boolean {
  return height !== null && (height.isPixels ? height.value / fontPixels : height.value) < 0.6;
}

function groundWithin(ground: Colour, declared: string | undefined): Colour {
  const colour = declared === undefined ? null : colourOf(declared);
  return colour ? over(colour, ground) : ground;
}

const PIXELS: Readonly<Record<string, number>> = { px: 1, pt: 4 / 3, pc: 16, rem: 16, in: 96, cm: 37.8, mm: 3.78 };
const NAMED_SIZES: Readonly<Record<string, number>> = {
  'xx-small': 9,
  'x-small': 10,
  small: 13,
  medium: 16,
  large: 18,
  'x-large': 24,
  'xx-large': 32,
  'xxx-large': 48,
};

function fontSize(declared: string | undefined, around: number): number {
  if (declared === undefined || declared === 'inherit') return around;
  if (declared === 'smaller') return around / 1.2;
  if (declared === 'larger') return around * 1.2;
  return NAMED_SIZES[declared] ?? pixels(declared, around) ?? around;
}

/** @param em in pixels */
function pixels(length: string, em: number): number | null {
  const value = Number.parseFloat(length);
  const unit = length.replace(/^[\d.]+/, '');
  if (value === 0) return 0;
  if (unit === 'em') return value * em;
  if (unit === '%') return (value * em) / 100;
  if (unit === 'ex' || unit === 'ch') return (value * em) / 2;
  return PIXELS[unit] === undefined ? null : value * PIXELS[unit];
}

function lineHeight(
  declared: string | undefined,
  fontPixels: number,
  around: Appearance['lineHeight'],
): Appearance['lineHeight'] {
  if (declared === undefined || declared === 'inherit') return around;
  if (declared === 'normal') return null;
  if (/^[\d.]+$/.test(declared)) return { value: Number(declared), isPixels: false };
  const value = pixels(declared, fontPixels);
  return value === null ? null : { value, isPixels: true };
}

const colours = new Map<string, Colour | null>();

/** Of a value that went through the allow-list. */
function colourOf(text: string): Colour | null {
  const known = colours.get(text);
  if (known !== undefined) return known;
  if (colours.size > 5000) colours.clear();
  const colour = readColour(text);
  colours.set(text, colour);
  return colour;
}

function readColour(text: string): Colour | null {
  if (text.startsWith('#')) return hexColour(text.slice(1));
  const call = /^([a-z]+)\(([^)]*)\)$/.exec(text);
  if (!call) return namedColour(text);
  const channels = (call[2] ?? '').split(/[\s,/]+/).map((channel) => ({
    value: Number.parseFloat(channel),
    unit: channel.replace(/^[+-]?[\d.]+/, ''),
  }));
  return functionColour(call[1] ?? '', channels);
}

/** What the attributes of an element say, weaker than any style. */
export function declaredByAttributes(attribute: (name: string) => string | undefined): [string, string][] {
  const colour = (name: string, property: string): [string, string][] => {
    const known = attributeColour(attribute(name) ?? '');
    return known ? [[property, hexText(known)]] : [];
  };
  const hidden: [string, string][] = attribute('hidden') === undefined ? [] : [['display', 'none']];
  return [...colour('color', 'color'), ...colour('bgcolor', 'background-color'), ...hidden];
}
