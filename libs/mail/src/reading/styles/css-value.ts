import type { CssNode, FunctionNode, List, Value } from 'css-tree';
import { functionColour, hexColour, namedColour } from './colour.ts';
import type { Colour } from './colour.ts';

/** One piece of a value that is of a listed kind; `text` is how it is written anew, never what stood there. */
export type CssPiece =
  | { readonly kind: 'word'; readonly text: string; readonly colour: Colour | null }
  | { readonly kind: 'colour'; readonly text: string; readonly colour: Colour }
  /** `unit` is empty for a bare number; `%` for a percentage. */
  | { readonly kind: 'number'; readonly text: string; readonly value: number; readonly unit: string }
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'mark'; readonly text: ',' | '/' };

const WORD = /^-?[a-z][a-z0-9-]{0,40}$/i;
const NUMBER = /^[+-]?(?:\d{1,5}(?:\.\d{0,12})?|\.\d{1,12})$/;
const UNITS = new Set(['px', 'pt', 'pc', 'em', 'rem', 'ex', 'ch', 'in', 'cm', 'mm', 'deg']);
const FONT_NAME = /^[\p{L}\p{N} _.&-]{1,60}$/u;
const MAX_PIECES = 40;

/** @returns null as soon as anything in it is of no listed kind: an address, a variable, a computation, an escape, what does not parse */
export function cssPieces(value: Value | { readonly type: 'Raw' }): CssPiece[] | null {
  if (value.type !== 'Value' || value.children.size > MAX_PIECES) return null;
  const pieces: CssPiece[] = [];
  for (const node of value.children) {
    const piece = cssPiece(node);
    if (piece === null) return null;
    pieces.push(piece);
  }
  return pieces;
}

export function cssPiece(node: CssNode): CssPiece | null {
  switch (node.type) {
    case 'Identifier': {
      if (!WORD.test(node.name)) return namePiece(node.name);
      const text = node.name.toLowerCase();
      const colour = namedColour(text);
      return {
        kind: 'word',
        text: colour && text.endsWith('text') ? '#000000' : text === 'window' ? '#ffffff' : text,
        colour,
      };
    }
    case 'Number':
      return numberPiece(node.value, '');
    case 'Percentage':
      return numberPiece(node.value, '%');
    case 'Dimension':
      return UNITS.has(node.unit.toLowerCase()) ? numberPiece(node.value, node.unit.toLowerCase()) : null;
    case 'Hash': {
      const colour = hexColour(node.value);
      return colour && { kind: 'colour', text: `#${node.value.toLowerCase()}`, colour };
    }
    case 'Function':
      return colourPiece(node);
    case 'String':
      return namePiece(node.value);
    case 'Operator': {
      const text = node.value.trim();
      return text === ',' || text === '/' ? { kind: 'mark', text } : null;
    }
    default:
      return null;
  }
}

function numberPiece(given: string, unit: string): CssPiece | null {
  if (!NUMBER.test(given)) return null;
  const value = Number(given);
  return { kind: 'number', text: `${Number(value.toFixed(6))}${value === 0 && unit !== '%' ? '' : unit}`, value, unit };
}

function namePiece(name: string): CssPiece | null {
  return FONT_NAME.test(name) ? { kind: 'name', text: `'${name}'` } : null;
}

function colourPiece({ name, children }: FunctionNode): CssPiece | null {
  const channels: { value: number; unit: string }[] = [];
  for (const node of children) {
    if (node.type === 'Operator' && /^[,/]$/.test(node.value.trim())) continue;
    const piece = cssPiece(node);
    if (piece?.kind !== 'number') return null;
    channels.push(piece);
  }
  const colour = functionColour(name.toLowerCase(), channels);
  return colour && { kind: 'colour', text: `${name.toLowerCase()}(${written(children)})`, colour };
}

/** The channels as they were given, each written anew. */
function written(nodes: List<CssNode>): string {
  let text = '';
  for (const node of nodes) {
    const piece = cssPiece(node);
    if (piece === null) continue;
    if (piece.kind === 'mark') text += piece.text === ',' ? ',' : ' / ';
    else text += text === '' || /[,/] ?$/.test(text) ? piece.text : ` ${piece.text}`;
  }
  return text;
}

/** Colours within a function that is none itself: the stops of a gradient. */
export function coloursWithin(node: CssNode): CssPiece[] {
  if (node.type !== 'Function' || !/^(?:repeating-)?(?:linear|radial|conic)-gradient$/i.test(node.name)) return [];
  return [...node.children].flatMap((inner) => {
    const piece =
      inner.type === 'Function' || inner.type === 'Hash' || inner.type === 'Identifier' ? cssPiece(inner) : null;
    return piece && (piece.kind === 'colour' || (piece.kind === 'word' && piece.colour)) ? [piece] : [];
  });
}

export function joined(pieces: readonly CssPiece[]): string {
  let text = '';
  for (const { kind, text: piece } of pieces) {
    if (kind === 'mark') text += piece === ',' ? ',' : '/';
    else text += text === '' || /[,/]$/.test(text) ? piece : ` ${piece}`;
  }
  return text;
}
