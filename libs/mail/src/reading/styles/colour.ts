import names from 'color-name';

/** sRGB; channels 0 to 255, alpha 0 to 1. */
export interface Colour {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly alpha: number;
}

export const WHITE: Colour = { red: 255, green: 255, blue: 255, alpha: 1 };
export const NEARLY_BLACK: Colour = { red: 26, green: 26, blue: 26, alpha: 1 };
const BLACK: Colour = { red: 0, green: 0, blue: 0, alpha: 1 };

/** What Outlook and Word write for the colours of the sender's own screen. */
const OF_THE_SCREEN: Readonly<Record<string, Colour>> = {
  windowtext: BLACK,
  buttontext: BLACK,
  captiontext: BLACK,
  infotext: BLACK,
  window: WHITE,
};

/** @param word in lower case */
export function namedColour(word: string): Colour | null {
  if (word === 'transparent') return { red: 0, green: 0, blue: 0, alpha: 0 };
  if (Object.hasOwn(OF_THE_SCREEN, word)) return OF_THE_SCREEN[word] ?? null;
  const [red, green, blue] = (Object.hasOwn(names, word) && names[word]) || [];
  return red === undefined || green === undefined || blue === undefined ? null : { red, green, blue, alpha: 1 };
}

/** @param digits without `#`: 3, 4, 6 or 8 of them */
export function hexColour(digits: string): Colour | null {
  if (!/^(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(digits)) return null;
  const long = digits.length < 6 ? digits.replace(/./g, '$&$&') : digits;
  const at = (start: number): number => Number.parseInt(long.slice(start, start + 2), 16);
  return { red: at(0), green: at(2), blue: at(4), alpha: long.length === 8 ? at(6) / 255 : 1 };
}

/** `rgb()` and `hsl()` in both of their spellings (CSS Color 4, sections 5.1 and 7). @param channels numbers; percentages as a part of `1` */
export function functionColour(name: string, channels: readonly { value: number; unit: string }[]): Colour | null {
  const [one, two, three, fourth] = channels;
  if (!one || !two || !three || channels.length > 4) return null;
  const alpha = fourth ? clamp(fourth.unit === '%' ? fourth.value / 100 : fourth.value, 1) : 1;
  if (name === 'rgb' || name === 'rgba') {
    const channel = ({ value, unit }: { value: number; unit: string }): number =>
      Math.round(clamp(unit === '%' ? value * 2.55 : value, 255));
    return { red: channel(one), green: channel(two), blue: channel(three), alpha };
  }
  if ((name !== 'hsl' && name !== 'hsla') || two.unit !== '%' || three.unit !== '%') return null;
  if (one.unit !== '' && one.unit !== 'deg') return null;
  const saturation = clamp(two.value, 100) / 100;
  const lightness = clamp(three.value, 100) / 100;
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number): number => {
    const step = (((offset + one.value / 30) % 12) + 12) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(step - 3, 9 - step, 1))));
  };
  return { red: channel(0), green: channel(8), blue: channel(4), alpha };
}

/** What `bgcolor` and its like mean (HTML, "rules for parsing a legacy color value"). */
export function attributeColour(text: string): Colour | null {
  const value = text.trim().toLowerCase();
  if (value === '' || value === 'transparent') return null;
  const known = namedColour(value) ?? (/^#[0-9a-f]{3}$/.test(value) ? hexColour(value.slice(1)) : null);
  if (known) return known;
  let digits = value
    .slice(0, 128)
    .replace(/^#/, '')
    .replace(/[^0-9a-f]/g, '0');
  while (digits === '' || digits.length % 3 !== 0) digits += '0';
  let parts = [0, 1, 2].map((at) => digits.slice((at * digits.length) / 3, ((at + 1) * digits.length) / 3));
  parts = parts.map((part) => part.slice(-8));
  while ((parts[0]?.length ?? 0) > 2 && parts.every((part) => part.startsWith('0')))
    parts = parts.map((part) => part.slice(1));
  const [red = 0, green = 0, blue = 0] = parts.map((part) => Number.parseInt(part.slice(0, 2), 16));
  return { red, green, blue, alpha: 1 };
}

export function colourText({ red, green, blue, alpha }: Colour): string {
  if (alpha < 1) return `rgba(${red},${green},${blue},${Number(alpha.toFixed(3))})`;
  return `#${[red, green, blue].map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

export function over(top: Colour, ground: Colour): Colour {
  if (top.alpha === 1) return top;
  if (top.alpha === 0) return ground;
  const mixed = (one: number, other: number): number => one * top.alpha + other * (1 - top.alpha);
  return {
    red: mixed(top.red, ground.red),
    green: mixed(top.green, ground.green),
    blue: mixed(top.blue, ground.blue),
    alpha: 1,
  };
}

/** WCAG 2.2, "contrast ratio": 1 to 21; both opaque. */
export function contrast(one: Colour, other: Colour): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((left, right) => right - left) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance({ red, green, blue }: Colour): number {
  const linear = (channel: number): number => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
