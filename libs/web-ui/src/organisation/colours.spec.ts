import { describe, expect, it } from '@jest/globals';
import { colourFault, colourStylesheet, contrast } from './colours.ts';

describe('a colour', () => {
  it('has a contrast as WCAG reckons it', () => {
    expect(contrast('#000000', '#ffffff')).toBe(21);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
    expect(contrast('#ffffff', '#777777')).toBe(contrast('#777777', '#ffffff'));
  });

  it('that can be read on every ground of its setting is well', () => {
    expect(colourFault('#134e5e', 'light')).toBeNull();
    expect(colourFault('#93cfe0', 'dark')).toBeNull();
  });

  it('that cannot is refused with the figure and what would help', () => {
    expect(colourFault('#ffcc00', 'light')).toMatch(
      /^#ffcc00 has a contrast of 1\.3\d:1 on the light page.*a darker one/,
    );
    expect(colourFault('#134e5e', 'dark')).toMatch(/on the dark page.*a lighter one/);
  });

  it('stands for links and buttons in its own setting alone', () => {
    const sheet = colourStylesheet({ light: '#7a1f3d', dark: null });
    expect(sheet).toContain('@media not (prefers-color-scheme:dark){:root{--link:#7a1f3d;');
    expect(sheet).not.toContain('@media (prefers');
    expect(colourStylesheet({ light: null, dark: null }).trim()).toBe('');
  });
});
