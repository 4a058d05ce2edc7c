import { createHash } from 'node:crypto';
import { defaultTreeAdapter, html as htmlNames, serialize, serializeOuter } from 'parse5';
import type { DefaultTreeAdapterMap } from 'parse5';
import { declaredByAttributes, hexText } from './appearance.ts';
import { attributeColour } from './colour.ts';
import { declarationsText } from './declarations.ts';
import { StylesTooComplex } from './matching.ts';
import { MailStyles } from './mail-styles.ts';
import type { StyleLimits } from './mail-styles.ts';
import { OWN_NAMES } from './selector.ts';
import { styleRules } from './style-sheet.ts';
import type { MailSheet } from './style-sheet.ts';

type Fragment = DefaultTreeAdapterMap['documentFragment'];
type Attributes = Readonly<Record<string, string>>;

export type { StyleLimits };

export interface StyledBody {
  /** A style element and the body's own element around what is in it; without both where the mail says nothing of its look. */
  readonly html: string;
  readonly isTooComplex: boolean;
}

export interface BodyLook {
  readonly sheets: readonly MailSheet[];
  /** Of its `body` tag as it was written: colours and margins. */
  readonly given: Attributes;
  /** Of the same, what may stand in a frame. */
  readonly kept: Attributes;
}

/**
 * A cleaned fragment with its style. The body of the mail becomes an element of its own, and every rule reaches only what is within
 * it: the same text can stand in a frame or on a page beside other things.
 */
export function styledBody(fragment: Fragment, look: BodyLook, limits: StyleLimits): StyledBody {
  const base = styleRules([{ text: bodyRules(look.given), media: '' }]);
  const styles = new MailStyles(look.sheets, base, limits);
  try {
    return { html: written(fragment, look, styles), isTooComplex: styles.isTooComplex };
  } catch (error) {
    if (!(error instanceof StylesTooComplex)) throw error;
    return { html: written(fragment, look, new MailStyles([], base, limits)), isTooComplex: true };
  }
}

function written(fragment: Fragment, { kept, sheets, given }: BodyLook, styles: MailStyles): string {
  const said = JSON.stringify([sheets, given]);
  const scope = `${OWN_NAMES}m${createHash('sha256').update(said).digest('hex').slice(0, 10)}`;
  const body = defaultTreeAdapter.createElement(
    'div',
    htmlNames.NS.HTML,
    Object.entries(kept).map(([name, value]) => ({ name, value })),
  );
  body.childNodes = fragment.childNodes;
  const text = styles.applyTo(body, scope);
  if (text === '' && Object.keys(kept).length === 0) return serialize(fragment);
  const names = body.attrs.find(({ name }) => name === 'class');
  if (names) names.value = `${scope} ${names.value}`;
  else body.attrs.unshift({ name: 'class', value: scope });
  // what browsers begin with: a mail with a look of its own was made upon that
  const own = `body:has(>.${scope}){margin:0}.${scope}{margin:8px;line-height:normal}`;
  return `<style>${own}${text}</style>${serializeOuter(body)}`;
}

/** Attributes of `body` that browsers read as style, as rules that any of the mail's own outweighs. */
function bodyRules(given: Attributes): string {
  const [[, ground] = []] = declaredByAttributes((name) => (name === 'bgcolor' ? given['bgcolor'] : undefined));
  const words = attributeColour(given['text'] ?? '');
  const links = attributeColour(given['link'] ?? '');
  const margin = (side: string, ...names: string[]): [string, string][] => {
    const value = names.map((name) => given[name] ?? '').find((each) => /^\d{1,3}$/.test(each.trim()));
    return value === undefined ? [] : [[`margin-${side}`, `${value.trim()}px`]];
  };
  const body = [
    ...(ground === undefined ? [] : [['background-color', ground] as const]),
    ...(words ? [['color', hexText(words)] as const] : []),
    ...margin('top', 'topmargin', 'marginheight'),
    ...margin('bottom', 'bottommargin', 'marginheight'),
    ...margin('left', 'leftmargin', 'marginwidth'),
    ...margin('right', 'rightmargin', 'marginwidth'),
  ].map(([property, value]) => ({ property, value, isImportant: false }));
  const rules: string[] = body.length > 0 ? [`body{${declarationsText(body)}}`] : [];
  if (links) rules.push(`a:link{color:${hexText(links)}}`);
  return rules.join('');
}
