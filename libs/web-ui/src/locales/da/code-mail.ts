import type { codeMail as en } from '../en/code-mail.ts';

export const codeMail: typeof en = {
  subject: 'Din kode til forseglet post fra {organisation} ({reference})',
  asked:
    'Den {time} bad nogen på {host} om en kode for at vise, at denne mailadresse er deres. Hvis det var dig, er koden her:',
  askedWith:
    'Den {time} bad nogen på {host}, i browseren {browser}, om en kode for at vise, at denne mailadresse er deres. Hvis det var dig, er koden her:',
  goodFor: 'Den gælder i {minutes} minutter, én gang, og kun i den browser, der bad om den.',
  reference: 'Siden, hvor du indtaster den, viser samme reference som denne mail: {reference}.',
  onlyThere:
    'Indtast koden på {host} og intet andet sted, og giv den ikke til nogen. Vi beder aldrig om den i en mail eller i telefonen.',
  notYou:
    'Hvis du ikke har bedt om en kode, skal du ikke gøre noget. Uden den kommer den, der bad om den, ikke videre.',
  automatic: 'Sendt automatisk af {organisation}s portal for forseglet post. Ingen læser svar på denne mail.',
  privacy: 'Hvad portalen gemmer, og hvad den ikke gemmer:',
};
