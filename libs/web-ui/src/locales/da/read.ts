import type { read as english } from '../en/read.ts';
import { plural } from '../texts.ts';

export const read: typeof english = {
  title: 'Forseglet besked',
  noSubject: '(uden emne)',
  from: 'Fra',
  to: 'Til',
  cc: 'Kopi til',
  date: 'Skrevet',
  sealedBy: 'Forseglet til',
  senderDiffers: 'Seglet siger, at {sender} har sendt dette. Fra-linjen ovenfor siger noget andet: vær forsigtig.',
  frameLabel: 'Beskedens indhold',
  textView: 'Som ren tekst',
  noContent: 'Denne besked har ingen tekst.',
  attachments: plural('count', { one: '{count} vedhæftet fil', other: '{count} vedhæftede filer' }),
  attachmentsNote: 'Vedhæftede filer udleveres, som de er, og er ikke undersøgt. Hver hentning registreres.',
  download: 'Hent',
  nested: 'Vedhæftet besked',
  actions: 'Hvad du kan gøre',
  print: 'Åbn til udskrift',
  printHint: 'Åbner beskeden på en side for sig; udskriv den med din browser.',
  original: 'Gem som .eml',
  finish: 'Jeg er færdig: glem den her',
  finishHint: 'Ellers bliver den glemt {minutes} minutter efter dit seneste skridt.',
  notes: {
    title: 'Om hvordan beskeden vises',
    'html-too-complex': 'Den formaterede udgave er for indviklet til at blive vist sikkert, så den rene tekst vises.',
    unparsable: 'Dele af beskeden kunne ikke forstås. Den vises som tekst; gem den som .eml for at få det hele.',
    truncated: 'Beskeden er længere end det, der vises her; gem den som .eml for at få det hele.',
    'images-omitted': 'Nogle billeder vises ikke, fordi de er for store eller af en slags, der ikke er sikker at vise.',
    'remote-content-removed':
      'Beskeden henviser til indhold andre steder på internettet. Det er udeladt: intet her fortæller nogen, at du læser dette.',
    'unknown-charset': 'En del af teksten har en ukendt tegnkodning, så nogle tegn kan være forkerte.',
    other: 'Noget i beskeden kunne ikke vises. Gem den som .eml for at få det hele.',
  },
};
