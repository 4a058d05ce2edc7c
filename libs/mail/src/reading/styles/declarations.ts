import parse from 'css-tree/parser';
import type { CssNode, Declaration as ParsedDeclaration, List } from 'css-tree';
import { coloursWithin, cssPiece, cssPieces, joined } from './css-value.ts';
import type { CssPiece } from './css-value.ts';
import { PROPERTIES } from './properties.ts';

/** One that may stand in a frame; property and value are written anew from what was understood. */
export interface Declaration {
  readonly property: string;
  readonly value: string;
  readonly isImportant: boolean;
}

/** Longer ones are dropped whole: no mailer writes them. */
const MAX_STYLE_ATTRIBUTE = 4000;

/** Of a `style` attribute. What is important there is no more so: nothing of a mail may outweigh what keeps the frame in order. */
export function attributeDeclarations(style: string): Declaration[] {
  if (style.length > MAX_STYLE_ATTRIBUTE) return [];
  const parsed = parse(style, { context: 'declarationList', parseCustomProperty: false });
  if (parsed.type !== 'DeclarationList') return [];
  return safeDeclarations(parsed.children).map((each) => ({ ...each, isImportant: false }));
}

/** @returns the style attribute that stays; empty when nothing does */
export function safeStyle(style: string): string {
  return declarationsText(attributeDeclarations(style));
}

export function declarationsText(declarations: readonly Declaration[]): string {
  return declarations
    .map(({ property, value, isImportant }) => `${property}:${value}${isImportant ? '!important' : ''}`)
    .join(';');
}

/** Those of a block that may stay, a later one in place of an earlier one of its name. */
export function safeDeclarations(nodes: List<CssNode>): Declaration[] {
  const kept = new Map<string, Declaration>();
  for (const node of nodes) {
    if (node.type !== 'Declaration') continue;
    for (const declaration of safeDeclaration(node)) {
      if (kept.get(declaration.property)?.isImportant && !declaration.isImportant) continue;
      kept.delete(declaration.property); // a shorthand in between must not outlive it
      kept.set(declaration.property, declaration);
    }
  }
  return [...kept.values()];
}

function safeDeclaration({ property: given, value, important }: ParsedDeclaration): Declaration[] {
  const property = given.toLowerCase();
  const isImportant = important === true;
  const result = (pairs: readonly (readonly [string, string])[]): Declaration[] =>
    pairs.map(([name, text]) => ({ property: name, value: text, isImportant }));
  if (value.type !== 'Value') return [];
  if (property === 'background' || property === 'background-image') {
    const ground = groundOf(value.children, property === 'background');
    return ground === null ? [] : result([['background-color', ground]]);
  }
  const pieces = cssPieces(value);
  if (pieces === null) return [];
  if (property === 'font') return result(fontParts(pieces));
  if (property === 'list-style') return result(listStyleParts(pieces));
  const fitting = property.startsWith('margin') ? pieces.map(withoutMinus) : pieces;
  if (!Object.hasOwn(PROPERTIES, property) || !PROPERTIES[property]?.(fitting)) return [];
  if (property === 'opacity') return result([[property, isVanishing(fitting) ? '0' : '1']]);
  // what does not fit can always be reached
  if (property.startsWith('overflow') && property !== 'overflow-wrap') return result([[property, 'auto']]);
  return result([[property, joined(fitting)]]);
}

/** A box that would reach over its neighbour stands beside it. */
function withoutMinus(piece: CssPiece): CssPiece {
  return piece.kind === 'number' && piece.value < 0 ? { ...piece, value: 0, unit: '', text: '0' } : piece;
}

function isVanishing([piece]: readonly CssPiece[]): boolean {
  return piece?.kind === 'number' && (piece.unit === '%' ? piece.value / 100 : piece.value) < 0.1;
}

/**
 * What is left of a background without its images: the colour, or the first of a gradient. An image hides whatever is behind it, but
 * what stays behind is the ground that its text will really stand on.
 */
function groundOf(nodes: List<CssNode>, isShorthand: boolean): string | null {
  let colour: CssPiece | null = null;
  let gradient: CssPiece | null = null;
  for (const node of nodes) {
    gradient ??= coloursWithin(node)[0] ?? null;
    const piece = node.type === 'Url' ? null : cssPiece(node);
    if (piece?.kind === 'colour' || (piece?.kind === 'word' && piece.colour)) colour = piece;
    if (node.type === 'Raw' || (node.type === 'Function' && /^(?:var|env|attr|expression)$/i.test(node.name)))
      return null;
  }
  const ground = gradient ?? (isShorthand ? colour : null);
  return ground?.text ?? (isShorthand ? 'transparent' : null);
}

/** The `font` shorthand: style, variant and weight, size, line height, family (CSS Fonts 4, section 2.7). */
function fontParts(pieces: readonly CssPiece[]): [string, string][] {
  const shape = (property: string, ...value: CssPiece[]): boolean => PROPERTIES[property]?.(value) === true;
  const at = pieces.findIndex(
    (piece) => shape('font-size', piece) && !(piece.kind === 'word' && piece.text === 'inherit'),
  );
  const size = pieces[at];
  if (!size)
    return pieces.length === 1 && pieces[0]?.text === 'inherit'
      ? [
          ['font-family', 'inherit'],
          ['font-size', 'inherit'],
          ['line-height', 'inherit'],
        ]
      : [];
  const parts: Record<string, string> = {
    'font-style': 'normal',
    'font-variant': 'normal',
    'font-weight': 'normal',
    'font-size': size.text,
    'line-height': 'normal',
  };
  for (const piece of pieces.slice(0, at)) {
    const property = ['font-weight', 'font-style', 'font-variant'].find((each) => shape(each, piece));
    if (property === undefined) return [];
    if (piece.text !== 'normal') parts[property] = piece.text;
  }
  let rest = pieces.slice(at + 1);
  if (rest[0]?.kind === 'mark' && rest[0].text === '/') {
    const height = rest[1];
    if (!height || !shape('line-height', height)) return [];
    parts['line-height'] = height.text;
    rest = rest.slice(2);
  }
  if (!shape('font-family', ...rest)) return [];
  return [...Object.entries(parts), ['font-family', joined(rest)]];
}

/** In any order, an image left out. */
function listStyleParts(pieces: readonly CssPiece[]): [string, string][] {
  const parts: [string, string][] = [];
  for (const piece of pieces) {
    const property = ['list-style-type', 'list-style-position'].find((each) => PROPERTIES[each]?.([piece]));
    if (property === undefined) return [];
    parts.push([property, piece.text]);
  }
  return parts;
}
