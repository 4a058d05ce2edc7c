import type { DefaultTreeAdapterMap } from 'parse5';
import type { Declaration } from './styles/declarations.ts';

type Element = DefaultTreeAdapterMap['element'];

/** Up to this many pixels, what a mail fixed to the width of a desk gives way; tablets and up show it as it was made. */
const NARROW_PIXELS = 640;
/** Less fits on any screen, several such beside each other included. */
const WIDE_PIXELS = 200;
/** More room than this beside words is a layout for a desk. */
const GAP_PIXELS = 50;
const NARROW_GAP = '16px';
/** Without a space in it, a word as long as this may be wider than a cell. */
const LONG_WORD = /\S{21}/;

/** Marks of our own in a style attribute: no mail can write them, custom properties are on no list. */
const WIDTH = '--segl-w';
const MOST = '--segl-m';
const GAP = '--segl-g';
const BREAK = '--segl-b';
/** Their width is what the table makes of it. */
const IN_TABLES = new Set(['td', 'th', 'col', 'colgroup', 'tr', 'tbody', 'thead', 'tfoot']);

/**
 * On a phone a mail is read without scrolling sideways, as mail programs on phones show it. The rules stand in the first layer, like
 * those of the notes, so that they count whatever the mail says; what they need to know of an element is marked in it.
 */
export const NARROW_STYLE = [
  `@layer segl{@media(max-width:${NARROW_PIXELS}px){`,
  '*{min-width:0!important}:not(img){max-width:100%!important}',
  'td,th,col,colgroup{width:auto!important}',
  '*{text-wrap-mode:wrap!important}',
  `[style*="${WIDTH}:"]{width:min(var(${WIDTH}),100%)!important}`,
  `[style*="${MOST}:"]{max-width:min(var(${MOST}),100%)!important}`,
  `[style*="${GAP}:"]{padding-left:${NARROW_GAP}!important;padding-right:${NARROW_GAP}!important;margin-left:0!important;margin-right:0!important}`,
  `[style*="${BREAK}:"]{overflow-wrap:anywhere!important}`,
  '}}',
].join('');

/** Marks what would be too wide for a phone, by its attributes and its own style. Changes nothing elsewhere. */
export function markForNarrow(element: Element): void {
  const style = element.attrs.find(({ name }) => name === 'style');
  const own = style?.value ?? '';
  const marks: string[] = [];
  if (!IN_TABLES.has(element.tagName)) {
    const width = pixels(own, 'width') ?? attributePixels(element);
    if (width !== null && width > WIDE_PIXELS) marks.push(`${WIDTH}:${width}px`);
    const most = element.tagName === 'img' ? pixels(own, 'max-width') : null;
    if (most !== null && most > WIDE_PIXELS) marks.push(`${MOST}:${most}px`);
  }
  if (hasWideGap(own)) marks.push(`${GAP}:1`);
  if (element.childNodes.some((node) => node.nodeName === '#text' && 'value' in node && LONG_WORD.test(node.value)))
    marks.push(`${BREAK}:1`);
  if (marks.length === 0) return;
  if (style) style.value = [own, ...marks].join(';');
  else element.attrs.push({ name: 'style', value: marks.join(';') });
}

/** The declarations that a rule of a mail's style sheet gets besides its own on a narrow screen; empty for most. */
export function narrowDeclarations(declarations: readonly Declaration[]): Declaration[] {
  return declarations.flatMap((declaration) => {
    const { property, value } = declaration;
    if (property === 'width' || property === 'max-width') {
      const wanted = pixels(`${property}:${value}`, property);
      return wanted !== null && wanted > WIDE_PIXELS ? [{ ...declaration, value: `min(${wanted}px,100%)` }] : [];
    }
    const [, kind] = /^(padding|margin)(?:-left|-right)?$/.exec(property) ?? [];
    if (kind === undefined || !hasWideGap(`${property}:${value}`)) return [];
    const narrow = kind === 'padding' ? NARROW_GAP : '0';
    const sides = property === kind ? [`${kind}-left`, `${kind}-right`] : [property];
    return sides.map((side) => ({ ...declaration, property: side, value: narrow }));
  });
}

export function onNarrow(rules: string): string {
  return `@media (max-width:${NARROW_PIXELS}px){${rules}}`;
}

function pixels(style: string, property: string): number | null {
  const found = new RegExp(`(?:^|;)${property}:(\\d+(?:\\.\\d+)?)(px|pt)(?:;|$)`).exec(style);
  return found ? Number(found[1]) * (found[2] === 'pt' ? 4 / 3 : 1) : null;
}

function attributePixels(element: Element): number | null {
  const given = element.attrs.find(({ name }) => name === 'width')?.value ?? '';
  return /^\d{1,4}(?:px)?$/.test(given) ? parseInt(given, 10) : null;
}

/** Of padding and margin, at the left or the right. */
function hasWideGap(style: string): boolean {
  for (const [, side, value = ''] of style.matchAll(/(?:^|;)(?:padding|margin)(-left|-right)?:([^;]+)/g)) {
    const all = value.split(' ').map((each) => (each.endsWith('px') ? parseFloat(each) : 0));
    const beside = side === undefined ? [all[1] ?? all[0] ?? 0, all[3] ?? all[1] ?? all[0] ?? 0] : all;
    if (beside.some((each) => each > GAP_PIXELS)) return true;
  }
  return false;
}
