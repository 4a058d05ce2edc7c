import { randomBytes } from 'node:crypto';
import { defaultTreeAdapter, html as htmlNames, parseFragment, serialize } from 'parse5';
import type { DefaultTreeAdapterMap } from 'parse5';
import { isDroppedWhole, isElement, isListed, mayCarry } from './html-allow-list.ts';
import { scanHtml } from './html-scan.ts';
import type { MailFrame } from './html-scan.ts';
import { linkAddress } from './links/link-address.ts';
import { finishLink } from './links/link-notes.ts';
import type { MailLink } from './links/link-notes.ts';
import { markForNarrow } from './narrow-screens.ts';
import { separateCells } from './links/separate-cells.ts';
import { READING_LIMITS } from './reading-limits.ts';
import { safeStyle } from './styles/declarations.ts';
import { prefixedId, safeName } from './styles/selector.ts';
import { styledBody } from './styles/styled-body.ts';
import type { StyleLimits } from './styles/styled-body.ts';

export interface SanitisedHtml {
  readonly html: string;
  /** In the order of the mail, as often as they stand there. */
  readonly links: readonly MailLink[];
  readonly remoteContentRemoved: number;
  readonly imagesOmitted: number;
  /** Its style sheets were past a limit and are left out. */
  readonly areStylesOmitted: boolean;
}

/** Gives the `data:` URL of an image that the mail itself carries, by the `src` that points to it; null for one not to be shown, undefined for none. */
export type InlineImage = (source: string) => string | null | undefined;

type Fragment = DefaultTreeAdapterMap['documentFragment'];
type Element = DefaultTreeAdapterMap['element'];
type ParentNode = DefaultTreeAdapterMap['parentNode'];
type ChildNode = DefaultTreeAdapterMap['childNode'];

const MAX_CLASSES = 2000;
/** Attributes whose value a browser fetches, on whatever element. */
const LOADING = new Set(['src', 'background', 'poster', 'srcset', 'data']);
const REMOTE = /(?:https?:|ftp:|\/\/)/i;
const URL_IN_STYLE = /(?:url|image|image-set|src)\s*\(\s*["']?\s*(?:https?:|\/\/)|@import/gi;

/** A browser may make several elements of one tag (unclosed formatting): no mail that people write comes near. */
const MAX_ELEMENTS = 2 * READING_LIMITS.htmlElements;
/** Nested formatting, links and tables can read differently each time; nothing that people write needs more than two. */
const MAX_READINGS = 8;

/**
 * Mail HTML to HTML that may be shown in a sandboxed frame: read as browsers read what stands in a `body` (parse5), cut down to listed
 * elements, attributes and styles, and read again until it reads as it is written. Then links get the host that they lead to
 * (`finishLink`), the mail's style sheets what keeps them in order (`styledBody`), and its own images are put in. One part at a
 * time, never two parts together (EFAIL). The caller has checked depth and size (`scanHtml`) and runs this where it can be killed.
 * @throws for HTML that never reads as it is written, or grows beyond bounds
 */
export function sanitiseMailHtml(
  source: string,
  inlineImage: InlineImage,
  frame: MailFrame = scanHtml(source, READING_LIMITS).frame,
  limits: StyleLimits = READING_LIMITS,
): SanitisedHtml {
  const pass = new SanitiserPass(inlineImage);
  const fragment = settled(source, pass);
  const links = finish(fragment);
  const { htmlAttributes, bodyAttributes: given, sheets } = frame;
  const direction: Record<string, string> = htmlAttributes['dir'] === undefined ? {} : { dir: htmlAttributes['dir'] };
  const kept = pass.bodyAttributes({ ...direction, ...given });
  const { html, isTooComplex } = styledBody(fragment, { sheets, given, kept }, limits);
  for (const { text } of sheets) pass.remoteContentRemoved += text.match(URL_IN_STYLE)?.length ?? 0;
  return {
    html: pass.withImages(html),
    links,
    remoteContentRemoved: pass.remoteContentRemoved,
    imagesOmitted: pass.imagesOmitted,
    areStylesOmitted: isTooComplex,
  };
}

function settled(source: string, pass: SanitiserPass): Fragment {
  let fragment = readInBody(source);
  pass.allowListed(fragment);
  for (let reading = 1; reading < MAX_READINGS; reading++) {
    const html = serialize(fragment);
    const again = readInBody(html);
    if (serialize(again) === html) return fragment;
    pass.enforce(again);
    fragment = again;
  }
  throw new Error('html that never reads as it is written');
}

function readInBody(html: string): Fragment {
  let elements = 0;
  const treeAdapter: typeof defaultTreeAdapter = {
    ...defaultTreeAdapter,
    createElement(...given) {
      if (++elements > MAX_ELEMENTS) throw new Error('html that grows when it is read');
      return defaultTreeAdapter.createElement(...given);
    },
  };
  const body = defaultTreeAdapter.createElement('body', htmlNames.NS.HTML, []);
  return parseFragment(body, html, { treeAdapter, sourceCodeLocationInfo: false });
}

/** In the order of the document. Changes nothing that could make it read differently. */
function finish(fragment: ParentNode): MailLink[] {
  const links: MailLink[] = [];
  const open: ChildNode[] = fragment.childNodes.toReversed();
  for (let node = open.pop(); node; node = open.pop()) {
    if (!isElement(node)) continue;
    for (let at = node.childNodes.length - 1; at >= 0; at--) open.push(node.childNodes[at] as ChildNode);
    if (node.tagName === 'tbody' || node.tagName === 'thead' || node.tagName === 'tfoot') separateCells(node);
    markForNarrow(node);
    const link = node.tagName === 'a' ? finishLink(node) : null;
    if (link) links.push(link);
  }
  return links;
}

/** What may stay of one part, and what was left out of it. */
export class SanitiserPass {
  remoteContentRemoved = 0;
  imagesOmitted = 0;
  private readonly inlineImage: InlineImage;
  private readonly images: string[] = [];
  private readonly styles = new Map<string, string>();
  /** Stands for an image until the end, so that megabytes of base64 are not read again; random, so that no mail can write one. */
  private readonly token = `data:image/png,${randomBytes(12).toString('hex')}-`;

  constructor(inlineImage: InlineImage) {
    this.inlineImage = inlineImage;
  }

  /** Makes a tree one of listed elements and attributes alone; those that are not listed leave what is in them. */
  allowListed(fragment: ParentNode): void {
    this.walk(fragment, (element) => {
      this.countRemote(element);
      if (isListed(element)) element.attrs = this.attributes(element.tagName, element.attrs);
    });
  }

  /** The same for a tree that `allowListed` has been through: nothing is left to be rewritten, so nothing is. */
  enforce(fragment: ParentNode): void {
    this.walk(fragment, (element) => {
      element.attrs = element.attrs.filter(({ name, value }) => this.mayKeep(element.tagName, name, value));
    });
  }

  /** Iterative: a tree may be deeper than the tags of its source. */
  private walk(fragment: ParentNode, settle: (element: Element) => void): void {
    const open: ParentNode[] = [fragment];
    for (let parent = open.pop(); parent; parent = open.pop()) {
      const kept: ChildNode[] = [];
      const left = parent.childNodes.toReversed();
      for (let node = left.pop(); node; node = left.pop()) {
        if (node.nodeName === '#text') kept.push(node);
        if (!isElement(node)) continue;
        settle(node);
        if (isListed(node)) {
          if (isEmptyImage(node)) continue;
          kept.push(node);
          if (node.childNodes.length > 0) open.push(node);
        } else if (!isDroppedWhole(node)) {
          for (let at = node.childNodes.length - 1; at >= 0; at--) left.push(node.childNodes[at] as ChildNode);
        }
      }
      parent.childNodes = kept;
    }
  }

  /** What the body's own element may carry of the mail's `body` tag. */
  bodyAttributes(given: Record<string, string>): Record<string, string> {
    const attrs = Object.entries(given).map(([name, value]) => ({ name, value }));
    const kept = this.attributes('body', attrs).filter(({ name }) => /^(?:class|id|dir|lang|style)$/.test(name));
    return Object.fromEntries(kept.map(({ name, value }) => [name, value]));
  }

  private attributes(tag: string, given: Element['attrs']): Element['attrs'] {
    const kept: Element['attrs'] = [];
    for (const { name, value } of given) {
      const safe = this.attribute(tag, name, value);
      if (safe !== null) kept.push({ name, value: safe });
    }
    const anchor =
      tag === 'a' && !kept.some(({ name }) => name === 'id') ? given.find(({ name }) => name === 'name') : undefined;
    const id = anchor ? prefixedId(anchor.value) : null;
    if (id !== null) kept.push({ name: 'id', value: id });
    return kept;
  }

  /** @returns the value that stays, or null */
  private attribute(tag: string, name: string, value: string): string | null {
    switch (name) {
      case 'style':
        return this.style(value) || null;
      case 'class':
        return safeClasses(value) || null;
      case 'id':
        return prefixedId(value);
      case 'href':
        return tag === 'a' ? (withinMail(value) ?? linkAddress(value)?.href ?? null) : null;
      case 'src':
        return tag === 'img' ? this.imageToken(value.trim()) : null;
      default: {
        const text = value.trim();
        return mayCarry(name, text) ? text : null;
      }
    }
  }

  private mayKeep(tag: string, name: string, value: string): boolean {
    if (name !== 'src') return this.attribute(tag, name, value) === value;
    return tag === 'img' && value.startsWith(this.token) && /^\d{1,6}$/.test(value.slice(this.token.length));
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
    if (source === '') return null;
    const url = this.inlineImage(source);
    if (typeof url !== 'string') {
      if (REMOTE.test(source)) this.remoteContentRemoved++;
      else if (url === null || /^cid:/i.test(source)) this.imagesOmitted++;
      return null; // what stands beside a page that was saved was never in the mail
    }
    return `${this.token}${this.images.push(url) - 1}`;
  }

  private countRemote({ tagName, attrs }: Element): void {
    for (const { name, value } of attrs) {
      if (name === 'src' && tagName === 'img') continue; // counted where it is looked for in the mail
      if (LOADING.has(name) || (name === 'href' && tagName === 'link')) {
        if (REMOTE.test(value)) this.remoteContentRemoved++;
      } else if (name === 'style' && value.includes('(')) {
        this.remoteContentRemoved += value.match(URL_IN_STYLE)?.length ?? 0;
      }
    }
  }

  withImages(html: string): string {
    if (this.images.length === 0) return html;
    const pieces = html.split(this.token);
    return pieces
      .map((piece, at) => (at === 0 ? piece : piece.replace(/^\d+/, (number) => this.images[Number(number)] ?? '')))
      .join('');
  }
}

/**
 * A link to another place in the same mail. Named in full: what begins with `#` would lead to the page around the frame, whose address
 * is the base of a `srcdoc` document. Ids have a prefix, so nothing else can be meant.
 */
function withinMail(href: string): string | null {
  const id = /^(?:about:srcdoc)?#(.+)$/.exec(href.trim())?.[1];
  const known = id === undefined ? null : prefixedId(id);
  return known && `about:srcdoc#${known}`;
}

function isEmptyImage({ tagName, attrs }: Element): boolean {
  return tagName === 'img' && !attrs.some(({ name, value }) => name === 'src' || (name === 'alt' && value !== ''));
}

/** The class names that may stay, in their order. */
function safeClasses(names: string): string {
  return names
    .slice(0, MAX_CLASSES)
    .split(/\s+/)
    .filter((name) => safeName(name) !== null)
    .join(' ');
}
