import { html as htmlNames } from 'parse5';
import type { DefaultTreeAdapterMap } from 'parse5';

type Element = DefaultTreeAdapterMap['element'];
type ChildNode = DefaultTreeAdapterMap['childNode'];

/** Every element that may stand in a frame. */
const TAGS = new Set(
  (
    'a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn dir div dl dt em ' +
    'figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark menu nav ol p pre q rp rt ruby s samp section ' +
    'small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr'
  ).split(' '),
);
/** Their content is no text for a reader, or is parsed by other rules than HTML's: it goes with them. */
const DROPPED_WHOLE = new Set(
  (
    'script style title textarea option select xmp noscript iframe noembed noframes plaintext svg math template object applet audio video ' +
    'canvas datalist frameset'
  ).split(' '),
);

const SIZE = /^\d{1,4}(?:\.\d{1,3})?(?:%|px)?$/;
const SMALL = /^\d{1,3}$/;
const COLOUR = /^(?:#?[0-9a-f]{3,8}|[a-z]{3,24}|rgb\([\d\s,]{5,20}\))$/i;
const EDGE = /^(?:left|right|center|justify|top|middle|bottom|baseline|absmiddle|texttop|char)$/i;
const TEXT = /^[^]{0,1000}$/;

/** Everything an element may carry. What points anywhere (`href`, `src`) is set by the code below and nowhere else. */
const ATTRIBUTES: Readonly<Record<string, RegExp>> = {
  align: EDGE,
  valign: EDGE,
  bgcolor: COLOUR,
  color: COLOUR,
  bordercolor: COLOUR,
  width: SIZE,
  height: SIZE,
  border: SMALL,
  cellpadding: SMALL,
  cellspacing: SMALL,
  hspace: SMALL,
  vspace: SMALL,
  colspan: SMALL,
  rowspan: SMALL,
  span: SMALL,
  start: /^-?\d{1,6}$/,
  value: /^-?\d{1,6}$/,
  size: /^[+-]?\d{1,2}$/,
  face: /^[\p{L}\p{N}\s,'_-]{1,300}$/u,
  type: /^(?:1|a|i|disc|circle|square)$/i,
  dir: /^(?:ltr|rtl|auto)$/i,
  lang: /^[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,4}$/i,
  role: /^(?:presentation|none)$/i,
  scope: /^(?:row|col|rowgroup|colgroup)$/i,
  title: TEXT,
  alt: TEXT,
  abbr: TEXT,
  summary: TEXT,
  nowrap: /^(?:nowrap|true)?$/i,
  noshade: /^(?:noshade|true)?$/i,
  hidden: /^(?:hidden|true)?$/i,
};

/** Names and values that may stand anywhere; each value as it is, in space of its own or not. */
export function mayCarry(attribute: string, value: string): boolean {
  return Object.hasOwn(ATTRIBUTES, attribute) && ATTRIBUTES[attribute]?.test(value) === true;
}

export function isListed(element: Element): boolean {
  return element.namespaceURI === htmlNames.NS.HTML && TAGS.has(element.tagName);
}

/** Whether it goes with all that is in it, and not only its own tags. */
export function isDroppedWhole(element: Element): boolean {
  return element.namespaceURI !== htmlNames.NS.HTML || DROPPED_WHOLE.has(element.tagName);
}

export function isElement(node: ChildNode): node is Element {
  return 'tagName' in node;
}
