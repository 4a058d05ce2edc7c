import type { page as en } from '../en/page.ts';

export const page: typeof en = {
  skipToContent: 'Gå til indholdet',
  language: 'Sprog',
  privacy: 'Privatliv: hvad der gemmes, og hvad der aldrig gemmes',
  sealedBy: 'Forseglet post fra {organisation}',
  portal: 'Forseglet post',
  demonstration: 'Demonstration: intet her er virkeligt, og ingen post forlader denne maskine.',
  demonstrationMailbox: 'Modtagerens postkasse (ny fane)',
  footer: 'Portalen gemmer ingen post.',
};
