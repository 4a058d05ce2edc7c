import parse from 'css-tree/parser';
import type { CssNode, List } from 'css-tree';
import { narrowDeclarations, onNarrow } from '../narrow-screens.ts';
import { declarationsText, safeDeclarations } from './declarations.ts';
import type { Declaration } from './declarations.ts';
import { ANY_MEDIA, mediaText, meeting, safeMedia } from './media.ts';
import type { Media } from './media.ts';
import { safeSelector, scopedText } from './selector.ts';
import type { Compound, Selector } from './selector.ts';

export interface StyleRule {
  readonly selectors: readonly Selector[];
  readonly declarations: readonly Declaration[];
  /** It counts where one of them holds. */
  readonly media: readonly Media[];
}

/** A `<style>` element of a mail. */
export interface MailSheet {
  readonly text: string;
  /** Its `media` attribute; empty where it has none. */
  readonly media: string;
}

/** Each rule is kept as far as it is understood: the selectors and declarations that are listed, without the others. */
export function styleRules(sheets: readonly MailSheet[]): StyleRule[] {
  return sheets.flatMap(({ text, media }) => {
    const whole = media === '' ? text : `@media ${media.replace(/[{};@]/g, '')}{${text}}`;
    const sheet = parse(whole.replace(/<!--|-->/g, ' '), { parseCustomProperty: false });
    return sheet.type === 'StyleSheet' ? rulesOf(sheet.children, [ANY_MEDIA]) : [];
  });
}

function rulesOf(nodes: List<CssNode>, media: readonly Media[]): StyleRule[] {
  const rules: StyleRule[] = [];
  for (const node of nodes) {
    if (node.type === 'Atrule' && node.name.toLowerCase() === 'media' && node.block) {
      const inner = safeMedia(node.prelude);
      const both = media.flatMap((one) => inner.flatMap((other) => meeting(one, other) ?? []));
      if (both.length > 0) rules.push(...rulesOf(node.block.children, both));
      continue;
    }
    if (node.type !== 'Rule' || node.prelude.type !== 'SelectorList') continue;
    const selectors = [...node.prelude.children].flatMap((each) =>
      each.type === 'Selector' ? (safeSelector(each) ?? []) : [],
    );
    const declarations = safeDeclarations(node.block.children);
    if (selectors.length > 0 && declarations.length > 0) rules.push({ selectors, declarations, media });
  }
  return rules;
}

/** Written from what was understood alone; neighbours of one condition share it. */
export function sheetText(rules: readonly StyleRule[], scope: string, isBody: (compound: Compound) => boolean): string {
  let text = '';
  let open = '';
  for (const { selectors, declarations, media } of rules) {
    const conditions = media.map(mediaText);
    const condition = conditions.includes('') ? '' : conditions.join(',');
    if (condition !== open) text += `${open === '' ? '' : '}'}${condition === '' ? '' : `@media ${condition}{`}`;
    open = condition;
    const reached = selectors.map((selector) => scopedText(selector, scope, isBody)).join(',');
    text += `${reached}{${declarationsText(declarations)}}`;
    const narrow = narrowDeclarations(declarations);
    if (narrow.length > 0) text += onNarrow(`${reached}{${declarationsText(narrow)}}`);
  }
  return open === '' ? text : `${text}}`;
}
