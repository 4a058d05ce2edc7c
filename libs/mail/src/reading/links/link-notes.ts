import { defaultTreeAdapter, html as htmlNames } from 'parse5';
import type { DefaultTreeAdapterMap } from 'parse5';
import { linkAddress } from './link-address.ts';

/** A link of a mail, for a list that stands where nothing of the mail can reach. */
export interface MailLink {
  readonly href: string;
  /** The host, the address or the number that it leads to, in ASCII. */
  readonly target: string;
  /** Its words in the mail, cut; empty for a picture without words. They say what the mail wants them to say. */
  readonly words: string;
}

type Element = DefaultTreeAdapterMap['element'];
type ChildNode = DefaultTreeAdapterMap['childNode'];

/** Begins the names of classes that are ours alone: none of a mail that begins so is kept. */
export const OUR_CLASSES = 'segl-';
const NOTE_CLASS = `${OUR_CLASSES}to`;
const LINK_REL = 'noopener noreferrer nofollow';
const MAX_WORDS = 100;

/**
 * Makes a link open apart from the portal, tell it nothing, and say where it leads: always, in a note that is its last child, or
 * in place of its text where that is the very same. Inside the link, so that whatever moves the link moves the note.
 * @returns null for an `a` that leads nowhere
 */
export function finishLink(link: Element): MailLink | null {
  const address = linkAddress(link.attrs.find(({ name }) => name === 'href')?.value ?? '');
  if (address === null) return null;
  link.attrs.push({ name: 'target', value: '_blank' }, { name: 'rel', value: LINK_REL });
  const words = wordsOf(link);
  if (saysJust(link, address.target)) link.childNodes = [];
  const note = defaultTreeAdapter.createElement('span', htmlNames.NS.HTML, [{ name: 'class', value: NOTE_CLASS }]);
  defaultTreeAdapter.insertText(note, address.target);
  defaultTreeAdapter.appendChild(link, note);
  return { ...address, words };
}

function saysJust(link: Element, target: string): boolean {
  const [child, ...others] = link.childNodes;
  return others.length === 0 && child !== undefined && isText(child) && child.value.trim() === target;
}

function wordsOf(element: Element): string {
  let text = '';
  const open: ChildNode[] = [element];
  for (let node = open.pop(); node && text.length < 4 * MAX_WORDS; node = open.pop()) {
    if (isText(node)) text += node.value;
    if (!('tagName' in node)) continue;
    if (node.tagName === 'img') text += ` ${node.attrs.find(({ name }) => name === 'alt')?.value ?? ''} `;
    if (/^(?:br|p|div|td|th|li|h[1-6])$/.test(node.tagName)) text += ' ';
    open.push(...node.childNodes.toReversed());
  }
  const words = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS).toWellFormed()}…` : words;
}

function isText(node: ChildNode): node is DefaultTreeAdapterMap['textNode'] {
  return node.nodeName === '#text';
}

/**
 * What makes the notes hold against any style of a mail. It stands in the first layer: there, what is important beats everything
 * in later ones and outside of them (CSS Cascade 5, section 6.4.4), whatever its selector. It must come before a mail's own rules.
 *
 * - the note takes nothing from around it but where it stands, reads from left to right, and lies above whatever is not a note;
 * - its ground (a gradient) and outline are nothing that the style of a mail may be: nothing else looks so;
 * - nothing of a mail leaves its place, fades, turns or is cut to a shape;
 * - what holds a link grows with it: no box around it is cut off, too narrow for a note, or lets another lie over its end;
 * - where a note does not fit beside the words of its link, it begins the next line.
 */
export const LINK_NOTE_STYLE = ((): string => {
  const note = {
    all: 'initial',
    direction: 'ltr',
    'unicode-bidi': 'isolate',
    display: 'inline-block',
    position: 'relative',
    'z-index': '2147483647',
    'box-sizing': 'border-box',
    'min-width': '40px',
    'max-width': '100%',
    margin: '1px 3px',
    padding: '0 4px 0 8px',
    background: '#fff linear-gradient(90deg,#0b5468 4px,#fff 4px)',
    outline: '1px solid #0b5468',
    color: '#1d2429',
    font: '12px/16px system-ui,sans-serif',
    'overflow-wrap': 'anywhere',
    'white-space': 'normal',
    'vertical-align': 'baseline',
    cursor: 'pointer',
    'print-color-adjust': 'exact',
  };
  const inPlace = {
    position: 'static',
    'z-index': 'auto',
    opacity: '1',
    transform: 'none',
    translate: 'none',
    rotate: 'none',
    scale: 'none',
    zoom: '1',
    filter: 'none',
    'backdrop-filter': 'none',
    'clip-path': 'none',
    mask: 'none',
    perspective: 'none',
    'mix-blend-mode': 'normal',
    isolation: 'auto',
    contain: 'none',
    'content-visibility': 'visible',
    'writing-mode': 'horizontal-tb',
    'pointer-events': 'auto',
    animation: 'none',
    transition: 'none',
  };
  const holding = { overflow: 'visible', 'text-overflow': 'clip', 'max-height': 'none' };
  const wrapping = { 'text-wrap-mode': 'wrap', 'overflow-wrap': 'break-word' };
  const box = { height: 'auto', 'min-width': '64px' };
  const notTables = ':not(table,thead,tbody,tfoot,tr,td,th,html,body)';
  return [
    '@layer segl{',
    rule('*,::before,::after', inPlace),
    rule(`:has(.${NOTE_CLASS})`, holding),
    rule(`:has(.${NOTE_CLASS}),a[href] *`, wrapping),
    rule(`:has(.${NOTE_CLASS})${notTables}`, box),
    rule(`td:has(.${NOTE_CLASS}),th:has(.${NOTE_CLASS})`, { 'max-width': 'none' }),
    rule(`table:has(.${NOTE_CLASS})`, { 'table-layout': 'auto' }),
    rule(`.${NOTE_CLASS}.${NOTE_CLASS}`, note),
    rule(`.${NOTE_CLASS}::before,.${NOTE_CLASS}::after`, { content: 'none', display: 'none' }),
    rule(`.${NOTE_CLASS}::first-line`, { all: 'unset' }),
    rule(`.${NOTE_CLASS}::first-letter`, { all: 'unset' }),
    '}',
  ].join('');
})();

function rule(selector: string, declarations: Readonly<Record<string, string>>): string {
  const body = Object.entries(declarations).map(([property, value]) => `${property}:${value}!important`);
  return `${selector}{${body.join(';')}}`;
}
