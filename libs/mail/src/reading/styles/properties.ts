import type { CssPiece } from './css-value.ts';

type Accepts = (piece: CssPiece) => boolean;
/** Whether a whole value is of the shape that its property may have. */
export type ValueShape = (pieces: readonly CssPiece[]) => boolean;

const PIXELS: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  pt: 4 / 3,
  pc: 16,
  em: 16,
  rem: 16,
  ex: 8,
  ch: 8,
  in: 96,
  cm: 37.8,
  mm: 3.78,
};

/** @param most in pixels, an em for 16; @param mostPercent none at all by default */
const length =
  (most: number, mostPercent = 0): Accepts =>
  (piece) => {
    if (piece.kind !== 'number' || piece.value < 0) return false;
    if (piece.unit === '%') return piece.value <= mostPercent;
    return piece.unit === '' ? piece.value === 0 : piece.value * (PIXELS[piece.unit] ?? Infinity) <= most;
  };
const number =
  (most: number): Accepts =>
  (piece) =>
    piece.kind === 'number' && piece.unit === '' && piece.value >= 0 && piece.value <= most;
const words = (...list: string[]): Accepts => {
  const known = new Set(list.flatMap((each) => each.split(' ')));
  return (piece) => piece.kind === 'word' && known.has(piece.text);
};
const colour: Accepts = (piece) => piece.kind === 'colour' || (piece.kind === 'word' && piece.colour !== null);

const upTo =
  (most: number, ...accepts: Accepts[]): ValueShape =>
  (pieces) =>
    pieces.length >= 1 && pieces.length <= most && pieces.every((piece) => accepts.some((accept) => accept(piece)));
const one = (...accepts: Accepts[]): ValueShape => upTo(1, ...accepts);
/** For what its children take over anyway. */
const orInherited = (shape: ValueShape): ValueShape => {
  const inherit = one(words('inherit'));
  return (pieces) => inherit(pieces) || shape(pieces);
};

/** Wide enough for every mail that people lay out, far too small to push anything out of reach. */
const MAX_BOX_PIXELS = 3000;
const MAX_GAP_PIXELS = 500;

const box = length(MAX_BOX_PIXELS, 100);
const sized = one(box, words('auto', 'min-content max-content fit-content'));
const limited = one(box, words('auto none min-content max-content fit-content'));
const gap = length(MAX_GAP_PIXELS, 50);
const gapOrAuto: Accepts = (piece) => gap(piece) || (piece.kind === 'word' && piece.text === 'auto');
const thickness: Accepts = (piece) => length(100)(piece) || words('thin medium thick')(piece);
const line = words('none hidden dotted dashed solid double groove ridge inset outset');
const edge = upTo(3, thickness, line, colour);
const marker = words(
  'none disc circle square decimal lower-alpha upper-alpha lower-roman upper-roman lower-latin upper-latin',
);
const decoration = words('none underline overline line-through');
const fontSize = length(200, 1000);
const relativeSize = words('xx-small x-small small medium large x-large xx-large xxx-large smaller larger');

/** A family list; generic words and names alike. */
const families: ValueShape = (pieces) =>
  pieces.length >= 1 &&
  pieces.every(({ kind, text }) => kind === 'word' || kind === 'name' || (kind === 'mark' && text === ','));

const PER_SIDE = Object.fromEntries(
  ['top', 'right', 'bottom', 'left'].flatMap((side): [string, ValueShape][] => [
    [`margin-${side}`, one(gapOrAuto)],
    [`padding-${side}`, one(gap)],
    [`border-${side}`, edge],
    [`border-${side}-color`, one(colour)],
    [`border-${side}-style`, one(line)],
    [`border-${side}-width`, one(thickness)],
  ]),
);

/**
 * Everything that the style of a mail may say. What is missing is missing on purpose: whatever loads (images, cursors, fonts, generated
 * content), moves or covers (`position`, `transform`, `z-index`, negative space, shadows, outlines), orders anew (flex, grid),
 * changes with time, or reaches another pixel than the element's own. The `segl-` note of a link relies on this list (`links/`).
 */
export const PROPERTIES: Readonly<Record<string, ValueShape>> = {
  ...PER_SIDE,
  color: orInherited(one(colour)),
  'background-color': one(colour),
  'font-family': orInherited(families),
  'font-size': orInherited(one(fontSize, relativeSize)),
  'font-style': orInherited(one(words('normal italic oblique'))),
  'font-variant': orInherited(one(words('normal small-caps'))),
  'font-weight': orInherited(one(words('normal bold bolder lighter'), number(1000))),
  'font-stretch': one(
    words(
      'normal condensed expanded semi-condensed semi-expanded extra-condensed extra-expanded ultra-condensed ultra-expanded',
    ),
  ),
  'line-height': orInherited(one(words('normal'), number(10), length(300, 1000))),
  'letter-spacing': orInherited(one(words('normal'), length(50))),
  'word-spacing': orInherited(one(words('normal'), length(100))),
  'text-align': orInherited(one(words('left right center justify start end -webkit-center'))),
  'text-align-last': orInherited(one(words('auto left right center justify start end'))),
  'text-decoration': upTo(3, decoration, words('solid double dotted dashed wavy inherit'), colour),
  'text-decoration-line': upTo(2, decoration),
  'text-decoration-style': one(words('solid double dotted dashed wavy')),
  'text-decoration-color': one(colour),
  'text-transform': orInherited(one(words('none uppercase lowercase capitalize'))),
  'text-indent': orInherited(one(length(200, 50))),
  'text-overflow': one(words('clip ellipsis')),
  'vertical-align': one(words('baseline sub super top text-top middle bottom text-bottom'), length(20, 100)),
  'white-space': orInherited(one(words('normal nowrap pre pre-wrap pre-line break-spaces'))),
  'word-break': orInherited(one(words('normal break-all keep-all break-word'))),
  'overflow-wrap': orInherited(one(words('normal break-word anywhere'))),
  'word-wrap': orInherited(one(words('normal break-word'))),
  hyphens: orInherited(one(words('none manual auto'))),
  'tab-size': one(number(16)),
  direction: orInherited(one(words('ltr rtl'))),
  'unicode-bidi': one(words('normal embed isolate plaintext')),
  'box-sizing': one(words('content-box border-box')),
  width: orInherited(sized),
  height: sized,
  'min-width': orInherited(sized),
  'max-width': orInherited(limited),
  'min-height': sized,
  'max-height': limited,
  overflow: upTo(2, words('hidden auto scroll clip')),
  'overflow-x': one(words('hidden auto scroll clip')),
  'overflow-y': one(words('hidden auto scroll clip')),
  visibility: one(words('visible hidden collapse')),
  opacity: one(number(1), (piece) => piece.kind === 'number' && piece.unit === '%' && piece.value <= 100),
  'object-fit': one(words('fill contain cover none scale-down')),
  margin: upTo(4, gapOrAuto),
  padding: upTo(4, gap),
  border: edge,
  'border-color': upTo(4, colour),
  'border-style': upTo(4, line),
  'border-width': upTo(4, thickness),
  'border-radius': upTo(4, length(MAX_BOX_PIXELS, 100)),
  'border-top-left-radius': upTo(2, length(MAX_BOX_PIXELS, 100)),
  'border-top-right-radius': upTo(2, length(MAX_BOX_PIXELS, 100)),
  'border-bottom-left-radius': upTo(2, length(MAX_BOX_PIXELS, 100)),
  'border-bottom-right-radius': upTo(2, length(MAX_BOX_PIXELS, 100)),
  'border-collapse': one(words('collapse separate')),
  'border-spacing': upTo(2, length(100)),
  'table-layout': one(words('auto fixed')),
  'caption-side': one(words('top bottom')),
  'empty-cells': one(words('show hide')),
  display: one(
    words(
      'block inline inline-block table inline-table table-row table-cell table-row-group table-header-group table-footer-group',
      'table-column table-column-group table-caption list-item none',
    ),
  ),
  float: one(words('left right none')),
  clear: one(words('left right both none')),
  'list-style-type': orInherited(one(marker)),
  'list-style-position': orInherited(one(words('inside outside'))),
};
