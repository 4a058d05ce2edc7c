import type { CssNode, MediaQuery } from 'css-tree';

/** When a rule counts: widths in CSS pixels, both included; `scheme` null for either. */
export interface Media {
  readonly minWidth: number;
  readonly maxWidth: number;
  readonly scheme: 'light' | 'dark' | null;
}

/** One kind of screen on which all the rules of a mail behave alike. */
export interface Screen {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
  /** Conditions that hold there and nowhere else among the screens, one nested within the other. */
  readonly conditions: readonly string[];
}

export const ANY_MEDIA: Media = { minWidth: 0, maxWidth: Infinity, scheme: null };
const MAX_WIDTH = 5000;

/** @returns the alternatives of a list of media queries that are understood in whole; none where it can only be for paper, for one browser, or unknown */
export function safeMedia(prelude: CssNode | null): Media[] {
  if (prelude?.type !== 'AtrulePrelude') return [];
  const list = prelude.children.first;
  if (list?.type !== 'MediaQueryList') return [];
  return [...list.children].flatMap((query) => (query.type === 'MediaQuery' ? (safeQuery(query) ?? []) : []));
}

function safeQuery({ modifier, mediaType, condition }: MediaQuery): Media | null {
  if (modifier?.toLowerCase() === 'not') return null;
  if (mediaType !== null && !/^(?:screen|all)$/i.test(mediaType)) return null;
  let media = ANY_MEDIA;
  for (const node of condition?.children ?? []) {
    if (node.type === 'Identifier' && node.name.toLowerCase() === 'and') continue;
    const feature = node.type === 'Feature' ? safeFeature(node) : null;
    const both = feature && meeting(media, feature);
    if (!both) return null;
    media = both;
  }
  return media;
}

function safeFeature({ name, value }: Extract<CssNode, { type: 'Feature' }>): Media | null {
  const feature = name.toLowerCase().replace('device-', '');
  if (feature === 'prefers-color-scheme' && value?.type === 'Identifier') {
    const scheme = value.name.toLowerCase();
    return scheme === 'light' || scheme === 'dark' ? { ...ANY_MEDIA, scheme } : null;
  }
  const width = value?.type === 'Dimension' ? pixels(value.value, value.unit.toLowerCase()) : null;
  if (width === null) return null;
  if (feature === 'max-width') return { ...ANY_MEDIA, maxWidth: width };
  return feature === 'min-width' ? { ...ANY_MEDIA, minWidth: width } : null;
}

function pixels(given: string, unit: string): number | null {
  const value = Number(given) * (unit === 'em' || unit === 'rem' ? 16 : unit === 'px' ? 1 : NaN);
  return value >= 0 && value <= MAX_WIDTH ? Math.round(value * 1000) / 1000 : null;
}

/** Both at once, for a query within a query. @returns null where that is never */
export function meeting(one: Media, other: Media): Media | null {
  const minWidth = Math.max(one.minWidth, other.minWidth);
  const maxWidth = Math.min(one.maxWidth, other.maxWidth);
  const scheme = one.scheme ?? other.scheme;
  if (minWidth > maxWidth || (other.scheme !== null && other.scheme !== scheme)) return null;
  return { minWidth, maxWidth, scheme };
}

export function mediaText({ minWidth, maxWidth, scheme }: Media): string {
  const features = [
    minWidth > 0 ? `(min-width:${minWidth}px)` : '',
    maxWidth < Infinity ? `(max-width:${maxWidth}px)` : '',
    scheme === null ? '' : `(prefers-color-scheme:${scheme})`,
  ];
  return features.filter((feature) => feature !== '').join(' and ');
}

export function holdsOn({ minWidth, maxWidth, scheme }: Media, screen: Screen): boolean {
  return screen.width >= minWidth && screen.width <= maxWidth && (scheme === null || scheme === screen.scheme);
}

/** Where one kind of screen ends and the next begins. */
interface Border {
  readonly width: number;
  /** Whether that very width belongs to what is narrower. */
  readonly isLast: boolean;
}

/** @returns null where there are more than `most` borders between widths */
export function screensOf(all: Iterable<Media>, most: number): Screen[] | null {
  const borders = new Map<string, Border>();
  let hasDark = false;
  for (const { minWidth, maxWidth, scheme } of all) {
    if (minWidth > 0) borders.set(`min${minWidth}`, { width: minWidth, isLast: false });
    if (maxWidth < Infinity) borders.set(`max${maxWidth}`, { width: maxWidth, isLast: true });
    hasDark ||= scheme !== null;
  }
  if (borders.size > most) return null;
  const ordered = [...borders.values()].sort(
    (one, other) => one.width - other.width || Number(one.isLast) - Number(other.isLast),
  );
  const screens: Screen[] = [];
  for (let at = 0; at <= ordered.length; at++) {
    const [from, to] = [ordered[at - 1], ordered[at]];
    const width = ((from?.width ?? (to?.width ?? 1000) - 1) + (to?.width ?? (from?.width ?? 1000) + 1)) / 2;
    const conditions = [...(from ? [above(from)] : []), ...(to ? [upTo(to)] : [])];
    if (!hasDark) screens.push({ width, scheme: 'light', conditions });
    else
      for (const scheme of ['light', 'dark'] as const)
        screens.push({
          width,
          scheme,
          conditions: [
            ...conditions,
            scheme === 'dark' ? '(prefers-color-scheme:dark)' : 'not all and (prefers-color-scheme:dark)',
          ],
        });
  }
  return screens;
}

function above({ width, isLast }: Border): string {
  return isLast ? `not all and (max-width:${width}px)` : `(min-width:${width}px)`;
}

function upTo({ width, isLast }: Border): string {
  return isLast ? `(max-width:${width}px)` : `not all and (min-width:${width}px)`;
}
