import { describe, expect, it } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import { shownSenderName } from './shown-sender.ts';

const mette = parseMailAddress('mette.holm@nordlys.example');
const author = { address: mette, displayName: 'Mette Holm', namesAnother: false };
const profile = { name: 'Nordlys', locales: ['en'] };
const showing = { ...profile, showSenderName: true };

describe('the name of who wrote', () => {
  it('is shown before sign-in only where the organisation wants it', () => {
    expect(shownSenderName(author, mette, showing)).toBe('Mette Holm');
    expect(shownSenderName(author, mette, profile)).toBeNull();
  });

  it.each([
    ['there is none', { ...author, displayName: '' }],
    ['it reads as another address', { ...author, displayName: 'boss@bank.example', namesAnother: true }],
    ['it stands beside another address', { ...author, address: parseMailAddress('other@nordlys.example') }],
  ])('is not shown where %s', (_, written) => {
    expect(shownSenderName(written, mette, showing)).toBeNull();
  });
});
