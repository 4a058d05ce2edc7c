import type { page as en } from '../en/page.ts';

export const page: typeof en = {
  skipToContent: 'Gå til indholdet',
  language: 'Sprog',
  privacy: 'Privatliv',
  sealedBy: 'Forseglet post fra {organisation}',
  portal: 'Forseglet post',
  demonstration: 'Dette er en demonstration: intet her er virkeligt, og ingen post forlader denne maskine.',
  footer: 'Portalen gemmer ingen post. Hvad den gemmer, står på siden om privatliv.',
};
