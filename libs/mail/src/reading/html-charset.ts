import { parseFragment } from 'parse5';
import type { DefaultTreeAdapterMap } from 'parse5';
import { charsetName } from '../syntax/charset-names.ts';

/** Where browsers look: the first 1024 bytes; mailers put more in front. */
const LOOKED_AT = 4096;

/**
 * The charset that HTML says of itself, as the prescan of the HTML standard finds it: `charset`, or `content` beside
 * `http-equiv=content-type`. One that could not be read as ASCII means UTF-8, since it was. '' for none.
 */
export function metaCharset(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, LOOKED_AT);
  if (!/<meta/i.test(start)) return '';
  for (const [meta] of start.matchAll(/<meta[^>]{0,1000}>/gi)) {
    const [element] = parseFragment(meta).childNodes;
    const found = element && 'attrs' in element ? charsetOf(element.attrs) : '';
    if (found !== '') return /^utf-(?:16|32)/.test(charsetName(found)) ? 'utf-8' : found;
  }
  return '';
}

function charsetOf(attributes: DefaultTreeAdapterMap['element']['attrs']): string {
  const value = (name: string): string => attributes.find((each) => each.name === name)?.value ?? '';
  if (value('charset').trim() !== '') return value('charset');
  if (value('http-equiv').trim().toLowerCase() !== 'content-type') return '';
  return /charset\s*=\s*["']?\s*([\w.:-]{1,40})/i.exec(value('content'))?.[1] ?? '';
}
