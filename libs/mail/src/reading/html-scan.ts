import { Token, Tokenizer, TokenizerMode } from 'parse5';
import { linkAddress } from './links/link-address.ts';
import type { ReadingLimits } from './reading-limits.ts';
import type { MailSheet } from './styles/style-sheet.ts';

export interface HtmlScan {
  /** Past a limit: it must not come near a parser that builds trees, some of which need quadratic time for such input. */
  readonly isTooComplex: boolean;
  /** What a reader of plain text should see. */
  readonly text: string;
  readonly frame: MailFrame;
}

/** What an HTML part says of its look outside of what stands in its body. Unchecked. */
export interface MailFrame {
  readonly sheets: readonly MailSheet[];
  /** Of its first `html` and `body` tags; values as written. */
  readonly htmlAttributes: Readonly<Record<string, string>>;
  readonly bodyAttributes: Readonly<Record<string, string>>;
}

type Limits = Pick<ReadingLimits, 'htmlBytes' | 'htmlElements' | 'htmlDepth' | 'htmlAttributes'>;

const VOID = new Set([
  'area',
  'base',
  'basefont',
  'bgsound',
  'br',
  'col',
  'embed',
  'frame',
  'hr',
  'img',
  'input',
  'keygen',
  'link',
  'meta',
  'param',
  'source',
  'track',
  'wbr',
]);
const NOT_TEXT = new Set([
  'script',
  'style',
  'title',
  'textarea',
  'xmp',
  'iframe',
  'noembed',
  'noframes',
  'plaintext',
  'svg',
  'math',
  'template',
  'select',
  'object',
]);
const RAW_MODE: Readonly<Record<string, (typeof TokenizerMode)[keyof typeof TokenizerMode]>> = {
  script: TokenizerMode.SCRIPT_DATA,
  style: TokenizerMode.RAWTEXT,
  xmp: TokenizerMode.RAWTEXT,
  iframe: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  title: TokenizerMode.RCDATA,
  textarea: TokenizerMode.RCDATA,
  plaintext: TokenizerMode.PLAINTEXT,
};
const PARAGRAPH = new Set([
  'p',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'blockquote',
  'pre',
  'table',
  'ul',
  'ol',
  'dl',
  'hr',
]);
const LINE = new Set([
  'br',
  'div',
  'tr',
  'li',
  'dt',
  'dd',
  'section',
  'article',
  'header',
  'footer',
  'address',
  'center',
  'figure',
  'caption',
  'body',
]);

/** One linear pass with the tokeniser of the HTML standard; nothing is nested, so nothing can be deep. */
export function scanHtml(html: string, limits: Limits): HtmlScan {
  const scan = new Scan(limits);
  const tokenizer = new Tokenizer({ sourceCodeLocationInfo: false }, scan);
  scan.tokenizer = tokenizer;
  const isTooLong = Buffer.byteLength(html) > limits.htmlBytes;
  tokenizer.write(isTooLong ? html.slice(0, limits.htmlBytes) : html, true);
  return { isTooComplex: isTooLong || scan.isTooComplex, text: scan.text(), frame: scan.frame() };
}

const OVERRIDES = /[\u202d\u202e]/;
/** What is written as one space. */
const LOOSE_SPACE = /[\t\r\n\f]| {2}/;

/** An element that closes these when they stand right before it, as the sanitiser's parser (htmlparser2) has it. */
const CLOSES: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    'address article aside blockquote details div dl fieldset figcaption figure footer form header hr main nav ol p pre section table ul'
      .split(' ')
      .map((name) => [name, ['p']]),
  ),
  ...Object.fromEntries(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((name, _at, headings) => [name, [...headings, 'p']])),
  body: ['head'],
  a: ['a'],
  li: ['li'],
  dd: ['dd', 'dt'],
  dt: ['dd', 'dt'],
  tr: ['tr', 'th', 'td'],
  th: ['th'],
  td: ['thead', 'th', 'td'],
  tbody: ['thead', 'tbody'],
  tfoot: ['thead', 'tbody'],
  option: ['option'],
  optgroup: ['optgroup', 'option'],
  rt: ['rt', 'rp'],
  rp: ['rt', 'rp'],
};

/** How deep the sanitiser would nest; an end tag that closes nothing does not count, or it would hide depth. */
class OpenElements {
  private readonly names: string[] = [];

  start(name: string): number {
    const closed = Object.hasOwn(CLOSES, name) ? CLOSES[name] : undefined;
    while (closed?.includes(this.names.at(-1) ?? '')) this.names.pop();
    if (!VOID.has(name)) this.names.push(name);
    return this.names.length;
  }

  end(name: string): void {
    const at = this.names.lastIndexOf(name);
    if (at >= 0) this.names.length = at;
  }

  clear(): void {
    this.names.length = 0;
  }
}

class Scan {
  tokenizer: Tokenizer | null = null;
  isTooComplex = false;
  private readonly limits: Limits;
  private readonly pieces: string[] = [];
  private elements = 0;
  private readonly open = new OpenElements();
  private hiddenBy = '';
  private hiddenDepth = 0;
  private pending = '';
  private preformatted = 0;
  private readonly hrefs: string[] = [];
  private readonly sheets: { text: string; media: string }[] = [];
  private htmlAttributes: Record<string, string> | null = null;
  private bodyAttributes: Record<string, string> | null = null;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  onStartTag({ tagName, selfClosing, attrs }: Token.TagToken): void {
    this.elements++;
    const isDeep = this.open.start(tagName) > this.limits.htmlDepth;
    if (isDeep || this.elements > this.limits.htmlElements || attrs.length > this.limits.htmlAttributes) {
      this.isTooComplex = true;
    }
    if (isDeep) this.open.clear(); // known by now; what follows is only read for its text
    if (this.hiddenBy !== '') {
      if (tagName === this.hiddenBy) this.hiddenDepth++;
      return;
    }
    if (tagName === 'html') this.htmlAttributes ??= valuesOf(attrs);
    if (tagName === 'body') this.bodyAttributes ??= valuesOf(attrs);
    if (tagName === 'style') {
      const { media = '', type = '' } = valuesOf(attrs);
      this.sheets.push({ text: '', media: /^(?:text\/css)?$/i.test(type.trim()) ? media.trim() : 'not all' });
    }
    const mode = Object.hasOwn(RAW_MODE, tagName) ? RAW_MODE[tagName] : undefined;
    if (mode !== undefined && this.tokenizer) {
      this.tokenizer.state = mode;
      this.tokenizer.lastStartTagName = tagName;
    }
    if (NOT_TEXT.has(tagName) && !selfClosing) {
      this.hiddenBy = tagName;
      this.hiddenDepth = 1;
      return;
    }
    if (tagName === 'pre') this.preformatted++;
    if (tagName === 'li') this.break('\n- ');
    else if (PARAGRAPH.has(tagName)) this.break('\n\n');
    else if (LINE.has(tagName)) this.break('\n');
    else if (tagName === 'td' || tagName === 'th') this.break(' ');
    else if (tagName === 'img') this.write(Token.getTokenAttr({ attrs } as Token.TagToken, 'alt') ?? '');
    else if (tagName === 'a' && this.hrefs.length < this.limits.htmlDepth) {
      this.hrefs.push(Token.getTokenAttr({ attrs } as Token.TagToken, 'href') ?? '');
      this.pieces.push('');
    }
  }

  onEndTag({ tagName }: Token.TagToken): void {
    this.open.end(tagName);
    if (this.hiddenBy !== '') {
      if (tagName === this.hiddenBy && --this.hiddenDepth === 0) this.hiddenBy = '';
      return;
    }
    if (tagName === 'pre') this.preformatted = Math.max(0, this.preformatted - 1);
    if (tagName === 'a') this.linkTarget(this.hrefs.pop() ?? '');
    if (PARAGRAPH.has(tagName)) this.break('\n\n');
    else if (LINE.has(tagName)) this.break(tagName === 'br' ? '' : '\n');
  }

  onCharacter({ chars }: Token.CharacterToken): void {
    this.write(chars);
  }

  onWhitespaceCharacter({ chars }: Token.CharacterToken): void {
    this.write(chars);
  }

  onNullCharacter(): void {}
  onComment(): void {}
  onDoctype(): void {}
  onEof(): void {}

  text(): string {
    const text = this.pieces.join('');
    const lines = / \n|[^\S\n ]/.test(text)
      ? text
          .split('\n')
          .map((line) => line.trimEnd())
          .join('\n')
      : text;
    return lines.replace(/\n{3,}/g, '\n\n').trim(); // no pattern that backtracks over spaces
  }

  frame(): MailFrame {
    const { sheets, htmlAttributes, bodyAttributes } = this;
    return { sheets, htmlAttributes: htmlAttributes ?? {}, bodyAttributes: bodyAttributes ?? {} };
  }

  /** The address behind a link, where the text does not say it anyway: a reader of text must see where it leads. */
  private linkTarget(href: string): void {
    const address = linkAddress(href);
    if (address === null || address.href.length > 500) return;
    const target = address.href.startsWith('http') ? address.href : address.target;
    const last = this.pieces.slice(-3).join('');
    if (!last.includes(target.replace(/\/$/, ''))) this.write(` <${target}>`);
  }

  private break(kind: string): void {
    const lines = Math.max(lineBreaks(this.pending), lineBreaks(kind));
    const breaks = lines === 2 ? '\n\n' : lines === 1 ? '\n' : '';
    this.pending = kind.endsWith('- ') ? `${breaks}- ` : breaks || ' ';
    if (kind === '\n' && lines === 1 && this.pieces.length === 0) this.pending = '';
  }

  private write(chars: string): void {
    const sheet = this.hiddenBy === 'style' ? this.sheets.at(-1) : undefined;
    if (sheet) sheet.text += chars;
    if (this.hiddenBy !== '') return;
    // overrides of direction: they turn the addresses written here, too
    const straight = OVERRIDES.test(chars) ? chars.replace(/[\u202d\u202e]/g, '') : chars;
    const isLoose = this.preformatted === 0;
    const text = isLoose && LOOSE_SPACE.test(straight) ? straight.replace(/[ \t\r\n\f]+/g, ' ') : straight;
    if (this.pending === '') {
      this.pieces.push(text);
      return;
    }
    if (isLoose && text.trimStart() === '') return;
    const isSpaced = this.pending.endsWith(' ') || this.pending.endsWith('\n');
    this.pieces.push(this.pending, isSpaced && text.startsWith(' ') ? text.slice(1) : text);
    this.pending = '';
  }
}

function valuesOf(attrs: Token.TagToken['attrs']): Record<string, string> {
  return Object.fromEntries(attrs.map(({ name, value }) => [name, value]));
}

/** Of what is pending: at its beginning, if anywhere. */
function lineBreaks(text: string): number {
  return text.startsWith('\n\n') ? 2 : text.startsWith('\n') ? 1 : 0;
}
