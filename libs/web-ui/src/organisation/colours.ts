/** The organisation's colour, `#rrggbb`, for links and buttons; null: our own. */
export interface OrganisationColours {
  readonly light: string | null;
  readonly dark: string | null;
}

/** WCAG 2.2, 1.4.3: text on its background. */
const MIN_CONTRAST = 4.5;

/** What links and buttons of a colour stand on in each setting (assets/segl.css and the carrier's page), and what stands on a button. */
const GROUNDS = {
  light: ['#ffffff', '#faf8f4', '#eef4f5'],
  dark: ['#14171a', '#14181b', '#1c2125', '#1f2a2e'],
} as const;
export const ON_COLOUR = { light: '#ffffff', dark: '#0b1f26' } as const;

/** Relative luminance (WCAG 2.2, "relative luminance"), 0 for black to 1 for white. */
function luminance(colour: string): number {
  const channel = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

/** 1 for equal colours to 21 for black on white. */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Why a colour cannot be read in a setting, as the end of a sentence that begins with its name; null when it can. */
export function colourFault(colour: string, setting: 'light' | 'dark'): string | null {
  const ratios = [...GROUNDS[setting], ON_COLOUR[setting]].map((ground) => contrast(colour, ground));
  const least = Math.min(...ratios);
  if (least >= MIN_CONTRAST) return null;
  const wanted = setting === 'light' ? 'darker' : 'lighter';
  return `${colour} has a contrast of ${least.toFixed(2)}:1 on the ${setting} page, and text needs ${MIN_CONTRAST}:1 (WCAG 1.4.3): a ${wanted} one can be read`;
}

/** What stands over the shared stylesheet; empty without colours. */
export function colourStylesheet({ light, dark }: OrganisationColours): string {
  const rules = (colour: string, setting: 'light' | 'dark') =>
    `:root{--link:${colour};--action:${colour};--action-hover:color-mix(in srgb,${colour} 82%,${setting === 'light' ? '#000' : '#fff'});--on-action:${ON_COLOUR[setting]}}`;
  return [
    // What the shared stylesheet says for dark must stand after what is said here for light.
    light === null ? '' : `@media not (prefers-color-scheme:dark){${rules(light, 'light')}}`,
    dark === null ? '' : `@media (prefers-color-scheme:dark){${rules(dark, 'dark')}}`,
    light === null && dark === null ? '' : 'header.site{border-top:4px solid var(--action)}',
  ].join('\n');
}
