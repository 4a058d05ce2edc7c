import { unzipSync } from 'fflate';
import { SaxesParser } from 'saxes';
import { OUTLINE_LIMITS } from './mail-outline.ts';

/** Where the words are: WordprocessingML, SpreadsheetML, PresentationML (ECMA-376) and OpenDocument. */
const PARTS_WITH_WORDS =
  /^(?:word\/(?:document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml|xl\/(?:sharedStrings|comments\d*|worksheets\/[^/]+)\.xml|ppt\/(?:slides|notesSlides|comments)\/[^/]+\.xml|docProps\/(?:core|app|custom)\.xml|content\.xml|styles\.xml|meta\.xml)$/;
/** Behind each of these ends a line or a cell; runs of text within a word are put together as they stand. */
const BREAKS = new Set([
  'p',
  'br',
  'tab',
  'tc',
  'tr',
  'row',
  'c',
  'si',
  'h',
  'table-cell',
  'line-break',
  's',
  'title',
  'subject',
  'creator',
  'keywords',
  'description',
]);

export interface OfficeText {
  readonly text: string;
  /** Some of it is past a limit, locked or damaged. */
  readonly isWhole: boolean;
}

/** The words of an Office or OpenDocument file. Never throws for what is in it. */
export function officeText(file: Uint8Array): OfficeText {
  let isWhole = true;
  let parts = 0;
  let files: Readonly<Record<string, Uint8Array>>;
  try {
    files = unzipSync(file, {
      filter: ({ name, originalSize }) => {
        if (!PARTS_WITH_WORDS.test(name)) return false;
        const isWithin = ++parts <= OUTLINE_LIMITS.officeParts && originalSize <= OUTLINE_LIMITS.officePartBytes;
        if (!isWithin) isWhole = false;
        return isWithin;
      },
    });
  } catch {
    return { text: '', isWhole: false };
  }
  const texts = Object.values(files).map((part) => {
    const { text, isWhole: isPartWhole } = xmlText(Buffer.from(part).toString('utf8'));
    if (!isPartWhole) isWhole = false;
    return text;
  });
  return { text: texts.join('\n'), isWhole: isWhole && texts.length > 0 };
}

/** The characters of an XML document, up to where it is damaged. Entities of its own are not resolved (saxes knows none but XML's five). */
function xmlText(xml: string): OfficeText {
  const pieces: string[] = [];
  const parser = new SaxesParser();
  parser.on('text', (text) => void pieces.push(text));
  parser.on('cdata', (text) => void pieces.push(text));
  parser.on('closetag', ({ name }) => {
    if (BREAKS.has(name.slice(name.indexOf(':') + 1))) pieces.push('\n');
  });
  let isWhole = true;
  parser.on('error', () => (isWhole = false)); // it goes on as well as it can
  parser.write(xml.startsWith('\ufeff') ? xml.slice(1) : xml).close();
  return { text: pieces.join(''), isWhole };
}
