import { randomBytes } from 'node:crypto';
import { type DefaultTreeAdapterMap, defaultTreeAdapter, html as htmlNames, parseFragment, serialize } from 'parse5';
import sanitizeHtml from 'sanitize-html';
import { safeStyle } from './inline-style.ts';

export interface SanitisedHtml {
  readonly html: string;
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
/** Set in the second pass on links, and asked of them again there. */
const LINK_REL = 'noopener noreferrer nofollow';
/** Of its own colours, so that a mail cannot blend it away into its own. */
const HOST_STYLE =
  'color:#333333;background-color:#ffffff;font-size:12px;font-weight:normal;text-transform:none;white-space:normal;letter-spacing:normal';

const REMOTE = /(?:https?:|ftp:|\/\/)/i;
const URL_IN_STYLE = /(?:url|image|image-set|src)\s*\(\s*["']?\s*(?:https?:|\/\/)|@import/gi;

/**
 * Mail HTML to HTML that may be shown in a sandboxed frame: an allow-list of elements, attributes and styles (sanitize-html), then
 * a second reading as browsers read (parse5), in which anything that is not listed is taken out again, links are rebuilt from their
 * parsed address with the host written beside them, and the images of the mail itself are put in. One part at a time, never two
 * parts together (EFAIL). The caller has checked depth and size (`scanHtml`) and runs this where it can be killed.
 */
export function sanitiseMailHtml(source: string, inlineImage: InlineImage): SanitisedHtml {
  const pass = new SanitiserPass(inlineImage);
  const fragment = parseFragment(pass.allowListed(source));
  pass.enforce(fragment);
  const html = pass.withImages(serialize(fragment));
  return { html, remoteContentRemoved: pass.remoteContentRemoved, imagesOmitted: pass.imagesOmitted };
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
      allowedSchemes: ['http', 'https', 'mailto', 'data'],
      allowedSchemesByTag: { a: ['http', 'https', 'mailto'] },
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
      const href = safeHref(given['href'] ?? '');
      if (href !== null) kept['href'] = href;
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
  enforce(fragment: ParentNode): void {
    const open: ParentNode[] = [fragment];
    for (let parent = open.pop(); parent; parent = open.pop()) {
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
        open.push(child);
        const note = child.tagName === 'a' ? finishLink(child) : null;
        if (note) kept.push(note);
      }
      parent.childNodes = kept;
    }
  }

  private mayKeep(tag: string, name: string, value: string): boolean {
    if (name === 'style') return this.style(value) === value;
    if (name === 'href') return tag === 'a' && safeHref(value) === value;
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

/**
 * Opens apart from the portal and tells it nothing. @returns where the link leads, to stand behind it, unless its text says
 * just that.
 */
function finishLink(link: Element): Element | null {
  const href = link.attrs.find(({ name }) => name === 'href')?.value;
  if (href === undefined) return null;
  link.attrs.push({ name: 'target', value: '_blank' }, { name: 'rel', value: LINK_REL });
  const target = linkTarget(href);
  if (saysJust(textOf(link), href, target)) return null;
  const note = defaultTreeAdapter.createElement('span', htmlNames.NS.HTML, [{ name: 'style', value: HOST_STYLE }]);
  defaultTreeAdapter.insertText(note, ` [${target}]`);
  return note;
}

function isListed(node: ChildNode): node is Element {
  return 'tagName' in node && node.namespaceURI === htmlNames.NS.HTML && TAGS.has(node.tagName);
}

/** @returns the address as the URL standard writes it, or null for what no link of a mail may point to. Relative ones would point into the portal. */
function safeHref(href: string): string | null {
  const text = href.trim();
  if (text.length > 4000 || !/^(?:https?:\/\/|mailto:)/i.test(text)) return null;
  const url = URL.parse(text);
  if (url === null) return null;
  if (url.protocol === 'mailto:') {
    const subject = url.searchParams.get('subject');
    return `mailto:${url.pathname}${subject === null ? '' : `?subject=${encodeURIComponent(subject.toWellFormed())}`}`;
  }
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.host !== '' ? url.href : null;
}

function linkTarget(href: string): string {
  const url = new URL(href);
  return url.protocol === 'mailto:' ? url.pathname : url.host;
}

function saysJust(text: string, href: string, target: string): boolean {
  const said = text.trim().toLowerCase().replace(/\/$/, '');
  const bare = href
    .replace(/^mailto:/, '')
    .toLowerCase()
    .replace(/\/$/, '');
  return (
    said === target.toLowerCase() ||
    said === bare ||
    said === bare.replace(/^https?:\/\//, '') ||
    isAddressOn(said, target)
  );
}

/** A whole address, written out, that is on that very host. */
function isAddressOn(said: string, host: string): boolean {
  return /^https?:\/\/\S+$/.test(said) && URL.parse(said)?.host === host;
}

function textOf(element: Element): string {
  let text = '';
  const open: ChildNode[] = [element];
  for (let node = open.pop(); node && text.length < 5000; node = open.pop()) {
    if (node.nodeName === '#text') text += (node as DefaultTreeAdapterMap['textNode']).value;
    else if ('childNodes' in node)
      for (let at = node.childNodes.length - 1; at >= 0; at--) open.push(node.childNodes[at] as ChildNode);
  }
  return text;
}
