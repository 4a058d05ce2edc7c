/** What a frame is given until its content is measured, and for good where no script runs. */
export interface FrameHeights {
  /** On a page as wide as a desk's. */
  readonly widePixels: number;
  /** On a phone. */
  readonly narrowPixels: number;
}

/** Rather a little short than with a screen of nothing: what does not fit can be scrolled to. */
const MIN_HEIGHT_PIXELS = 80;
const MAX_HEIGHT_PIXELS = 12_000;
/** What is looked at for the estimate: a screen or more, and no time that anyone notices. */
const LOOKED_AT_CHARACTERS = 48 * 1024;
const EMBEDDED_IMAGE = 'src="data:';

/** A frame's inside on a page as wide as it gets, and on most phones. */
const WIDE_PIXELS = 886;
const NARROW_PIXELS = 316;
const BODY_MARGIN = 8;
/** Room for a letter and for a line, in sizes of their font. */
const LETTER = 0.5;
const LINE = 1.4;
const MAX_DEPTH = 200;
/** For what a mail's style sheet adds, which is not looked at. */
const SHEETS = 1.1;

const VOID = /^(?:br|img|hr|wbr|col)$/;
const INLINE =
  /^(?:a|abbr|acronym|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var)$/;
/** Above and below, in sizes of the font; neighbours share it. */
const MARGINS: Readonly<Record<string, number>> = {
  p: 1,
  ul: 1,
  ol: 1,
  dl: 1,
  pre: 1,
  blockquote: 1,
  h1: 1,
  h2: 1,
  h3: 1,
  h4: 1.2,
};
const FONT_SIZES: Readonly<Record<string, number>> = { h1: 32, h2: 24, h3: 19 };

interface Box {
  readonly tag: string;
  readonly attributes: string;
  readonly inside: (Box | number)[];
}

/** @param html sanitised. @returns how tall a frame for it should be, from what it says of itself: text, tables, sizes, padding */
export function likelyHeights(html: string): FrameHeights {
  const beginning = withoutStyle(withoutImageBytes(html));
  const looked = beginning.slice(0, LOOKED_AT_CHARACTERS);
  const root = boxesOf(looked);
  const whole = Math.max(1, beginning.length / Math.max(1, looked.length));
  const height = (width: number): number => {
    const content =
      2 * BODY_MARGIN + SHEETS * whole * heightOf(root, { width, font: 16, isNarrow: width === NARROW_PIXELS }, 0);
    return Math.round(Math.max(MIN_HEIGHT_PIXELS, Math.min(MAX_HEIGHT_PIXELS, content)));
  };
  return { widePixels: height(WIDE_PIXELS), narrowPixels: height(NARROW_PIXELS) };
}

/** Letters are counted, and not kept. */
function boxesOf(html: string): Box {
  const root: Box = { tag: 'div', attributes: '', inside: [] };
  const open = [root];
  for (const [text, end, tag = '', attributes = ''] of html.matchAll(
    /<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*)>|[^<]+/g,
  )) {
    const parent = open.at(-1) as Box;
    if (tag === '')
      parent.inside.push(text.replace(/\s+/g, ' ').replace(/&[a-z]+;/g, 'x').length - (text.trim() === '' ? 1 : 0));
    else if (end) {
      const at = open.findLastIndex((box, index) => index > 0 && box.tag === tag);
      if (at > 0) open.length = at;
    } else {
      const box: Box = { tag, attributes, inside: [] };
      parent.inside.push(box);
      if (!VOID.test(tag) && open.length < MAX_DEPTH) open.push(box);
    }
  }
  return root;
}

interface Around {
  readonly width: number;
  readonly font: number;
  readonly isNarrow: boolean;
}

function heightOf(box: Box, around: Around, depth: number): number {
  const said = saidOf(box);
  if (said.isHidden || depth > MAX_DEPTH) return 0;
  const font = said.font ?? FONT_SIZES[box.tag] ?? around.font;
  const fixed =
    around.isNarrow || /^t[dh]$/.test(box.tag) ? around.width : Math.min(said.width ?? around.width, around.width);
  const within = { ...around, font, width: Math.max(40, fixed - said.beside) };
  if (box.tag === 'tr') return rowHeight(box, within, depth);
  let height = said.above;
  let line = 0;
  let margin = 0;
  const endLine = (): void => {
    if (line <= 0) return;
    height += margin + Math.ceil(line / within.width) * (said.line ?? LINE * font);
    line = 0;
    margin = 0;
  };
  const lay = (inside: readonly (Box | number)[], size: number): void => {
    for (const each of inside) {
      if (typeof each === 'number') line += each * LETTER * size;
      else if (each.tag === 'br') {
        line = Math.max(line, 1);
        endLine();
      } else if (each.tag === 'img') {
        const image = saidOf(each);
        const shrunk = Math.min(1, within.width / (image.width ?? 1));
        if (each.attributes.includes('src=') && (image.height ?? 0) > 2 * LINE * font) {
          endLine();
          height += (image.height ?? 0) * shrunk;
        } else line += image.width ?? 40;
      } else if (INLINE.test(each.tag)) {
        const inline = saidOf(each);
        if (!inline.isHidden) {
          lay(each.inside, inline.font ?? size);
          if (each.attributes.includes('segl-to')) line += 16;
          height += /display:(?:inline-)?block/.test(each.attributes) ? inline.above : 0;
        }
      } else {
        endLine();
        const own = (MARGINS[each.tag] ?? 0) * font;
        const inner = heightOf(each, within, depth + 1);
        if (inner === 0) continue;
        height += Math.max(margin, own) + inner;
        margin = own;
      }
    }
  };
  lay(box.inside, font);
  endLine();
  return Math.max(height + (depth > 0 && box.tag !== 'td' ? 0 : margin), box.tag === 'hr' ? 18 : 0, said.height ?? 0);
}

/** Cells stand beside each other: as wide as they say, the others share what is left. */
function rowHeight(row: Box, around: Around, depth: number): number {
  const cells = row.inside.filter((each): each is Box => typeof each !== 'number' && /^t[dh]$/.test(each.tag));
  const letters = cells.map((cell) => Math.max(8, lettersIn(cell, 0)));
  const all = letters.reduce((sum, each) => sum + each, 0);
  const wanted = cells.map((cell) => (around.isNarrow ? null : saidOf(cell).width));
  const taken = wanted.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  const heights = cells.map((cell, at) => {
    const share = (letters[at] ?? 8) / all;
    const width =
      taken > 0 && taken <= around.width ? (wanted[at] ?? (around.width - taken) * share) : around.width * share;
    return heightOf(cell, { ...around, width: Math.max(40, width) }, depth + 1);
  });
  return Math.max(saidOf(row).height ?? 0, ...heights);
}

function lettersIn(box: Box, depth: number): number {
  if (depth > MAX_DEPTH) return 0;
  return box.inside.reduce<number>(
    (sum, each) => sum + (typeof each === 'number' ? each : lettersIn(each, depth + 1) + (each.tag === 'img' ? 10 : 0)),
    0,
  );
}

interface Said {
  readonly isHidden: boolean;
  readonly width: number | null;
  readonly height: number | null;
  readonly font: number | null;
  readonly line: number | null;
  /** Padding above and below together, and beside. */
  readonly above: number;
  readonly beside: number;
}

const NOTHING: Said = { isHidden: false, width: null, height: null, font: null, line: null, above: 0, beside: 0 };

const STYLE = /\sstyle="([^"]*)"/;
const SIZE_ATTRIBUTES = /\s(width|height)="(\d{1,4})(?:px)?"/g;
const PIXELS = /(?:^|;)([a-z-]+):(\d+(?:\.\d+)?)px(?=;|$)/g;
const PADDING = /(?:^|;)padding:([^;]+)/;

function saidOf({ attributes }: Box): Said {
  if (attributes === '') return NOTHING;
  const style = STYLE.exec(attributes)?.[1] ?? '';
  const sizes = new Map<string, number>();
  for (const [, name = '', value] of attributes.matchAll(SIZE_ATTRIBUTES)) sizes.set(name, Number(value));
  for (const [, name = '', value] of style.matchAll(PIXELS)) sizes.set(name, Number(value));
  const padding = (PADDING.exec(style)?.[1] ?? '').split(' ').map((each) => parseFloat(each) || 0);
  const [top = 0, right = top, bottom = top, left = right] = padding;
  return {
    isHidden: style.includes('display:none'),
    width: sizes.get('width') ?? null,
    height: sizes.get('height') ?? null,
    font: sizes.get('font-size') ?? null,
    line: sizes.get('line-height') ?? null,
    above: (sizes.get('padding-top') ?? top) + (sizes.get('padding-bottom') ?? bottom),
    beside: (sizes.get('padding-left') ?? left) + (sizes.get('padding-right') ?? right),
  };
}

function withoutStyle(html: string): string {
  return html.replace(/<style>[^<]*<\/style>/g, '');
}

/** The beginning of a sanitised body, its embedded images left out: they are megabytes of nothing to read. */
function withoutImageBytes(html: string): string {
  let kept = '';
  let at = 0;
  while (at >= 0 && at < html.length) {
    const image = html.indexOf(EMBEDDED_IMAGE, at);
    const end = image < 0 ? html.length : image;
    kept += html.slice(at, end) + (image < 0 ? '' : 'src="');
    at = image < 0 ? html.length : html.indexOf('"', image + EMBEDDED_IMAGE.length);
  }
  return kept;
}
