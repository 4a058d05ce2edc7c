import { decodeAs } from '../../../syntax/charset-decoders.ts';

/** Groups that are no text of the document; with `\*` in front, every one is none. */
const NO_TEXT =
  /^(fonttbl|colortbl|stylesheet|info|pict|object|objdata|header[lrf]?|footer[lrf]?|themedata|listtable|listoverridetable|generator|fldinst)$/;
const CHARACTERS: Readonly<Record<string, string>> = {
  par: '\n',
  line: '\n',
  sect: '\n',
  page: '\n',
  row: '\n',
  cell: '\t',
  tab: '\t',
  emdash: '—',
  endash: '–',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  bullet: '•',
};
const TOKEN = /\\'([0-9a-f]{2})|\\([a-z]{1,32})(-?\d{1,10})? ?|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)/gi;
/** Of nested groups: what is deeper is read as if it were here. */
const MAX_DEPTH = 1000;

interface Group {
  readonly isText: boolean;
  /** How many characters follow a `\u` for those who cannot read it. */
  readonly fallback: number;
}

/** The words of an RTF document and nothing else: no fonts, pictures, objects or fields. In linear time, never throws. */
export function rtfText(rtf: Buffer): string {
  const source = rtf.toString('latin1');
  const codePage = /\\ansicpg(\d{3,5})/.exec(source.slice(0, 2000))?.[1] ?? '1252';
  const pieces: string[] = [];
  let bytes: number[] = [];
  const outer: Group[] = [];
  let group: Group = { isText: true, fallback: 1 };
  let skip = 0;
  const flush = (): void => {
    if (bytes.length === 0) return;
    const found = Buffer.from(bytes);
    pieces.push(decodeAs(found, `windows-${codePage}`) ?? found.toString('latin1'));
    bytes = [];
  };
  const put = (text: string): void => {
    flush();
    if (group.isText) pieces.push(text);
  };
  for (const [, hex, word, number, symbol, brace, plain] of source.matchAll(TOKEN)) {
    if (brace === '{') {
      if (outer.length < MAX_DEPTH) outer.push(group);
    } else if (brace === '}') {
      flush();
      group = outer.pop() ?? group;
      skip = 0;
    } else if (hex !== undefined) {
      if (skip > 0) skip--;
      else if (group.isText) bytes.push(parseInt(hex, 16));
    } else if (plain !== undefined) {
      const shown = plain.slice(skip);
      skip = Math.max(0, skip - plain.length);
      if (shown !== '') put(shown);
    } else if (symbol !== undefined) {
      if (symbol === '*') group = { ...group, isText: false };
      else if (skip > 0) skip--;
      else put(symbol === '~' ? '\u00a0' : symbol === '_' ? '-' : /[\\{}]/.test(symbol) ? symbol : '');
    } else if (word !== undefined) {
      if (word === 'u' && number !== undefined) {
        put(String.fromCharCode(Number(number) & 0xffff));
        skip = group.fallback;
      } else if (word === 'uc') group = { ...group, fallback: Math.min(Math.max(0, Number(number ?? 1)), 10) };
      else if (NO_TEXT.test(word)) group = { ...group, isText: false };
      else if (CHARACTERS[word] !== undefined) put(CHARACTERS[word] ?? '');
    }
  }
  flush();
  return pieces.join('').trim();
}
