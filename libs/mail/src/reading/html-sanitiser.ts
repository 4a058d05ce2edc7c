import { randomBytes } from 'node:crypto';
import { html as htmlNames, parseFragment, serialize } from 'parse5';
import type { DefaultTreeAdapterMap } from 'parse5';
import sanitizeHtml from 'sanitize-html';
import { safeStyle } from './inline-style.ts';
import { separateCells } from './links/separate-cells.ts';
import { linkAddress } from './links/link-address.ts';
import { finishLink } from './links/link-notes.ts';
import type { MailLink } from './links/link-notes.ts';

export interface SanitisedHtml {
  readonly html: string;
  /** In the order of the mail, as often as they stand there. */
  readonly links: readonly MailLink[];
  readonly remoteContentRemoved: number;
  readonly imagesOmitted: number;
}

/** Gives the `data:` URL of an image that the mail itself carries, by the `src` that points to it (`cid:…`), or null. */
export type InlineImage = (source: string) => string | null;

const TAGS = new Set(
  (
    'a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn dir div dl dt em ' +
    'figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark menu nav ol p pre q rp rt ruby s samp section ' +
    'small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr'
  ).split(' '),
);
/** Their content is no text for a reader, or is parsed by other rules than HTML's: it goes with them. */
const DROPPED_WHOLE = (
  'script style title textarea option select xmp noscript iframe noembed noframes plaintext svg math template object applet audio video ' +
  'canvas datalist frameset'
).split(' ');

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
};

const REMOTE = /(?:https?:|ftp:|\/\/)/i;
const URL_IN_STYLE = /(?:url|image|image-set|src)\s*\(\s*["']?\s*(?:https?:|\/\/)|@import/gi;

/**
 * Mail HTML to HTML that may be shown in a sandboxed frame: an allow-list of elements, attributes and styles (sanitize-html), then
 * a second reading as browsers read (parse5), in which anything that is not listed is taken out again, links are rebuilt from their
 * parsed address with the host written in them (`finishLink`), and the images of the mail itself are put in. One part at a time, never two
 * parts together (EFAIL). The caller has checked depth and size (`scanHtml`) and runs this where it can be killed.
 */
export function sanitiseMailHtml(source: string, inlineImage: InlineImage): SanitisedHtml {
  const pass = new SanitiserPass(inlineImage);
  const fragment = parseFragment(pass.allowListed(source));
  const links = pass.enforce(fragment);
  const html = pass.withImages(serialize(fragment));
  return { html, links, remoteContentRemoved: pass.remoteContentRemoved, imagesOmitted: pass.imagesOmitted };
}

type Element = DefaultTreeAdapterMap['element'];
type ParentNode = DefaultTreeAdapterMap['parentNode'];
type ChildNode = DefaultTreeAdapterMap['childNode'];

/** The two passes, each enough alone as far as safety goes; apart only so that tests can try each without the other. */
export class SanitiserPass {
  remoteContentRemoved = 0;
  imagesOmitted = 0;
  private readonly inlineImage: InlineImage;
  private readonly images: string[] = [];
  private readonly styles = new Map<string, string>();
  /** Stands for an image until the end, so that megabytes of base64 pass no parser; random, so that no mail can write one. */
  private readonly token = `data:image/png,${randomBytes(12).toString('hex')}-`;

  constructor(inlineImage: InlineImage) {
    this.inlineImage = inlineImage;
  }

  allowListed(source: string): string {
    return sanitizeHtml(source, {
      allowedTags: [...TAGS],
      allowedAttributes: { '*': [...Object.keys(ATTRIBUTES), 'style'], a: ['href'], img: ['src'] },
      nonTextTags: DROPPED_WHOLE,
      allowedSchemes: ['http', 'https', 'mailto', 'tel', 'data'],
      allowedSchemesByTag: { a: ['http', 'https', 'mailto', 'tel'] },
      allowProtocolRelative: false,
      parseStyleAttributes: false,
      enforceHtmlBoundary: false,
      onOpenTag: (name, attribs) => this.countRemote(name, attribs),
      transformTags: {
        '*': (name, attribs) => ({ tagName: name === 'body' ? 'div' : name, attribs: this.attributes(name, attribs) }),
      },
    });
  }

  private attributes(name: string, given: Record<string, string>): Record<string, string> {
    const kept: Record<string, string> = {};
    for (const [attribute, value] of Object.entries(given)) {
      if (Object.hasOwn(ATTRIBUTES, attribute) && ATTRIBUTES[attribute]?.test(value.trim()))
        kept[attribute] = value.trim();
    }
    const style = this.style(given['style'] ?? '');
    if (style !== '') kept['style'] = style;
    if (name === 'a') {
      const address = linkAddress(given['href'] ?? '');
      if (address !== null) kept['href'] = address.href;
    }
    if (name === 'img') {
      const src = this.imageToken((given['src'] ?? '').trim());
      if (src !== null) kept['src'] = src;
    }
    return kept;
  }

  /** Mails say the same thing on every cell: each style is looked at once. */
  private style(value: string): string {
    const known = this.styles.get(value);
    if (known !== undefined) return known;
    const kept = safeStyle(value);
    this.styles.set(value, kept);
    return kept;
  }

  private imageToken(source: string): string | null {
    if (source === '' || REMOTE.test(source.slice(0, 8))) return null;
    const url = this.inlineImage(source);
    if (url === null) {
      this.imagesOmitted++;
      return null;
    }
    return `${this.token}${this.images.push(url) - 1}`;
  }

  private countRemote(name: string, attribs: Record<string, string>): void {
    for (const [attribute, value] of Object.entries(attribs)) {
      const isLoaded =
        attribute === 'src' ||
        attribute === 'background' ||
        attribute === 'poster' ||
        attribute === 'srcset' ||
        attribute === 'data';
      if ((isLoaded || (attribute === 'href' && name === 'link')) && REMOTE.test(value)) this.remoteContentRemoved++;
      if (attribute === 'style') this.remoteContentRemoved += value.match(URL_IN_STYLE)?.length ?? 0;
    }
  }

  /** Iterative: depth is bounded before, but a tree of another parser may be deeper than the tags of its source. */
  enforce(fragment: ParentNode): MailLink[] {
    const links: Element[] = [];
    const open: ParentNode[] = [fragment];
    for (let parent = open.pop(); parent; parent = open.pop()) {
      if ('tagName' in parent && parent.tagName === 'a') links.push(parent);
      if (/^(?:tbody|thead|tfoot)$/.test(parent.nodeName)) separateCells(parent);
      const kept: ChildNode[] = [];
      for (const child of parent.childNodes) {
        if (child.nodeName === '#text') kept.push(child);
        if (!isListed(child)) continue;
        child.attrs = child.attrs.filter(({ name, value }) => this.mayKeep(child.tagName, name, value));
        if (
          child.tagName === 'img' &&
          !child.attrs.some(({ name, value }) => name === 'src' || (name === 'alt' && value !== ''))
        )
          continue;
        kept.push(child);
      }
      parent.childNodes = kept;
      for (const child of kept.toReversed()) if ('childNodes' in child) open.push(child); // in the order of the document
    }
    return links.flatMap((link) => finishLink(link) ?? []);
  }

  private mayKeep(tag: string, name: string, value: string): boolean {
    if (name === 'style') return this.style(value) === value;
    if (name === 'href') return tag === 'a' && linkAddress(value)?.href === value;
    if (name === 'src')
      return tag === 'img' && value.startsWith(this.token) && /^\d{1,6}$/.test(value.slice(this.token.length));
    return Object.hasOwn(ATTRIBUTES, name) && ATTRIBUTES[name]?.test(value) === true;
  }

  withImages(html: string): string {
    const pieces = html.split(this.token);
    return pieces
      .map((piece, at) => (at === 0 ? piece : piece.replace(/^\d+/, (number) => this.images[Number(number)] ?? '')))
      .join('');
  }
}

function isListed(node: ChildNode): node is Element {
  return 'tagName' in node && node.namespaceURI === htmlNames.NS.HTML && TAGS.has(node.tagName);
}
