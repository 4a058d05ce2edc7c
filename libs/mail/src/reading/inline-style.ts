/**
 * The `style` attribute of mails, cut down to what makes text and tables look as meant. A declaration stays only when its
 * property is listed and its whole value is of the shape listed for it, so that nothing can load (`url(`, `image-set(`,
 * `@import`), compute (`expression(`, `var(`), hide behind an escape, or leave its place (`position`, negative margins).
 */
const LENGTH = String.raw`(?:0|\+?(?:\d{1,4}(?:\.\d{1,6})?|\.\d{1,6})(?:px|pt|pc|em|rem|ex|ch|in|cm|mm|%)?)`;
const NUMBER = String.raw`(?:\d{1,3}(?:\.\d{1,4})?|\.\d{1,4})`;
const COLOUR = String.raw`(?:#[0-9a-f]{3,8}|[a-z]{3,24}|rgba?\([\d\s.,%/]{5,40}\)|hsla?\([\d\s.,%/deg]{5,40}\))`;
const LINE = '(?:none|hidden|dotted|dashed|solid|double|groove|ridge|inset|outset)';
const WIDTH = `(?:thin|medium|thick|${LENGTH})`;
const BORDER = `(?:${WIDTH}|${LINE}|${COLOUR})(?:\\s+(?:${WIDTH}|${LINE}|${COLOUR})){0,2}`;
const AUTO = `(?:auto|${LENGTH})`;

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const upTo4 = (pattern: string): RegExp => whole(`${pattern}(?:\\s+${pattern}){0,3}`);
const words = (...list: string[]): RegExp => whole(list.join('|'));

const FONT_NAMES = /^[\p{L}\p{N}\s,_.-]{1,300}$/u;
const colour = whole(COLOUR);
const length = whole(LENGTH);
const size = whole(`${AUTO}|none|min-content|max-content|fit-content`);
const border = whole(BORDER);

const PROPERTIES: Readonly<Record<string, RegExp>> = {
  color: colour,
  'background-color': colour,
  'font-family': FONT_NAMES,
  'font-size': whole(`${LENGTH}|(?:xx?-)?small|medium|(?:x{1,3}-)?large|smaller|larger`),
  'font-style': words('normal', 'italic', 'oblique'),
  'font-variant': words('normal', 'small-caps'),
  'font-weight': words('normal', 'bold', 'bolder', 'lighter', String.raw`\d{1,4}`),
  'font-stretch': words('normal', '(?:(?:ultra|extra|semi)-)?(?:condensed|expanded)'),
  'line-height': whole(`normal|${LENGTH}|${NUMBER}`),
  'letter-spacing': whole(`normal|${LENGTH}`),
  'word-spacing': whole(`normal|${LENGTH}`),
  'text-align': words('left', 'right', 'center', 'justify', 'start', 'end', '-webkit-center'),
  'text-decoration': words('none', 'underline', 'overline', 'line-through'),
  'text-decoration-line': words('none', 'underline', 'overline', 'line-through'),
  'text-transform': words('none', 'uppercase', 'lowercase', 'capitalize'),
  'text-indent': length,
  'vertical-align': whole(`baseline|sub|super|top|text-top|middle|bottom|text-bottom|${LENGTH}`),
  'white-space': words('normal', 'nowrap', 'pre', 'pre-wrap', 'pre-line', 'break-spaces'),
  'word-break': words('normal', 'break-all', 'keep-all', 'break-word'),
  'overflow-wrap': words('normal', 'break-word', 'anywhere'),
  'word-wrap': words('normal', 'break-word'),
  direction: words('ltr', 'rtl'),
  width: size,
  height: size,
  'min-width': size,
  'max-width': size,
  'min-height': size,
  'max-height': size,
  margin: upTo4(AUTO),
  'margin-top': whole(AUTO),
  'margin-right': whole(AUTO),
  'margin-bottom': whole(AUTO),
  'margin-left': whole(AUTO),
  padding: upTo4(LENGTH),
  'padding-top': length,
  'padding-right': length,
  'padding-bottom': length,
  'padding-left': length,
  border,
  'border-top': border,
  'border-right': border,
  'border-bottom': border,
  'border-left': border,
  'border-color': upTo4(COLOUR),
  'border-style': upTo4(LINE),
  'border-width': upTo4(WIDTH),
  'border-top-color': colour,
  'border-right-color': colour,
  'border-bottom-color': colour,
  'border-left-color': colour,
  'border-top-style': whole(LINE),
  'border-right-style': whole(LINE),
  'border-bottom-style': whole(LINE),
  'border-left-style': whole(LINE),
  'border-top-width': whole(WIDTH),
  'border-right-width': whole(WIDTH),
  'border-bottom-width': whole(WIDTH),
  'border-left-width': whole(WIDTH),
  'border-radius': upTo4(LENGTH),
  'border-collapse': words('collapse', 'separate'),
  'border-spacing': whole(`${LENGTH}(?:\\s+${LENGTH})?`),
  'table-layout': words('auto', 'fixed'),
  'caption-side': words('top', 'bottom'),
  'empty-cells': words('show', 'hide'),
  display: words(
    'block',
    'inline',
    'inline-block',
    'table',
    'inline-table',
    'table-row',
    'table-cell',
    'list-item',
    'none',
  ),
  float: words('left', 'right', 'none'),
  clear: words('left', 'right', 'both', 'none'),
  'list-style': words('none', 'disc', 'circle', 'square', 'decimal', '(?:lower|upper)-(?:alpha|roman|latin)'),
  'list-style-type': words('none', 'disc', 'circle', 'square', 'decimal', '(?:lower|upper)-(?:alpha|roman|latin)'),
  'list-style-position': words('inside', 'outside'),
};

/** Longer ones are dropped whole: no mailer writes them, and nothing here should be read twice. */
const MAX_STYLE = 4000;
/** A whole-document background is mostly given by the shorthand: only one that is a colour and nothing else is kept. */
const SHORTHANDS: Readonly<Record<string, string>> = { background: 'background-color' };

/** @returns the declarations that stay, rebuilt; empty when none does. */
export function safeStyle(style: string): string {
  if (style.length > MAX_STYLE || /[\\@<>{}\u0000-\u0008]|\/\*/.test(style)) return '';
  const kept: string[] = [];
  for (const declaration of style.split(';')) {
    const colon = declaration.indexOf(':');
    if (colon < 0) continue;
    const given = declaration.slice(0, colon).trim().toLowerCase();
    const property = Object.hasOwn(SHORTHANDS, given) ? (SHORTHANDS[given] ?? given) : given;
    if (!Object.hasOwn(PROPERTIES, property)) continue;
    const value = declaration
      .slice(colon + 1)
      .replace(/!\s*important\s*$/i, '')
      .replace(property === 'font-family' ? /["']/g : /(?!)/g, '')
      .trim()
      .toLowerCase();
    if (PROPERTIES[property]?.test(value)) kept.push(`${property}:${value}`);
  }
  return kept.join(';');
}
