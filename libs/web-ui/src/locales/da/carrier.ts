import type { carrier as en } from '../en/carrier.ts';

export const carrier: typeof en = {
  subject: 'Forseglet besked fra {organisation}',
  mail: {
    intro: '{organisation} har sendt dig en forseglet besked. Kun du kan læse den.',
    steps:
      'Åbn den vedhæftede fil message.html, og tryk på »{button}«. Log så ind, eller få en kode sendt til denne postkasse.',
    elsewhere: 'Kan filen ikke åbnes, eller sker der ikke noget, så gem den og aflever den her:',
    privacy: 'Hvad portalen gemmer, og hvad den aldrig gemmer:',
  },
  page: {
    title: 'Forseglet besked fra {organisation}',
    intro:
      '{organisation} har sendt dig en forseglet besked. Knappen afleverer denne fil til {host}. Der logger du ind, eller får en kode sendt til din postkasse, og læser.',
    button: 'Læs beskeden',
    check: 'Indtast kun noget, hvis adressen i din browser begynder med {origin}/',
    elsewhere: 'Sker der ikke noget? Gem filen, og aflever den på',
    until: 'Kan læses indtil {time}.',
    privacy: 'Hvad der gemmes, og hvad der aldrig gemmes',
  },
};
