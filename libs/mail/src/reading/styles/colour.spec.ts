import { describe, expect, it } from '@jest/globals';
import {
  attributeColour,
  colourText,
  contrast,
  functionColour,
  hexColour,
  namedColour,
  over,
  WHITE,
} from './colour.ts';

describe('colours', () => {
  it.each([
    ['red', '#ff0000'],
    ['RebeccaPurple', '#663399'],
    ['#abc', '#aabbcc'],
    ['003366', '#003366'],
    ['#eeeeee', '#eeeeee'],
    ['chucknorris', '#c00000'],
    ['#12', '#010200'],
    ['', null],
    ['transparent', null],
  ])('an attribute of %s means %s', (text, expected) => {
    const colour = attributeColour(text);
    expect(colour && colourText(colour)).toBe(expected);
  });

  it('reads functions in both spellings', () => {
    const number = (value: number, unit = ''): { value: number; unit: string } => ({ value, unit });
    expect(functionColour('rgb', [number(300), number(20, '%'), number(-1)])).toEqual({
      red: 255,
      green: 51,
      blue: 0,
      alpha: 1,
    });
    expect(functionColour('hsl', [number(120), number(100, '%'), number(25, '%'), number(0.5)])).toEqual({
      red: 0,
      green: 128,
      blue: 0,
      alpha: 0.5,
    });
    expect(functionColour('hsl', [number(120), number(1), number(1)])).toBeNull();
    expect(functionColour('lab', [number(1), number(1), number(1)])).toBeNull();
  });

  it('knows no colour by the name of an object', () => {
    expect(namedColour('constructor')).toBeNull();
    expect(namedColour('__proto__')).toBeNull();
  });

  it('measures contrast as WCAG does', () => {
    const black = hexColour('000');
    const grey = hexColour('777777');
    expect(black && contrast(black, WHITE)).toBeCloseTo(21);
    expect(grey && contrast(grey, WHITE)).toBeCloseTo(4.48, 2);
    expect(over({ red: 0, green: 0, blue: 0, alpha: 0.5 }, WHITE).red).toBeCloseTo(127.5);
  });
});
