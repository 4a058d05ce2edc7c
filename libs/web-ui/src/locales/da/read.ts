import type { read as english } from '../en/read.ts';
import { plural } from '../texts.ts';

export const read: typeof english = {
  title: 'Forseglet besked',
  noSubject: '(uden emne)',
  from: 'Fra',
  to: 'Til',
  cc: 'Kopi til',
  date: 'Skrevet',
  files: 'Vedhæftede filer',
  replyTo: 'Svar går til',
  sealedBy: 'Forseglet af {sender} til {recipient}',
  senderDiffers: '{sender} har forseglet denne besked, men Fra-linjen nedenfor nævner en anden. Vær forsigtig.',
  frameLabel: 'Beskedens indhold',
  textView: 'Vis som ren tekst',
  noContent: 'Denne besked har ingen tekst.',
  attachments: plural('count', { one: '{count} vedhæftet fil', other: '{count} vedhæftede filer' }),
  attachmentsNote:
    'Vedhæftede filer kommer, som de blev sendt; portalen undersøger dem ikke for virus. Hver hentning bliver registreret.',
  download: 'Hent',
  nested: 'Vedhæftet besked',
  nestedFiles: 'Filer i den vedhæftede besked',
  keep: 'Gem eller udskriv den',
  print: 'Åbn til udskrift',
  printHint:
    'Beskeden åbner på en side for sig, som din browser kan udskrive. Det, du gemmer eller udskriver, er ikke længere forseglet.',
  onPaper: 'En lang besked kan være skåret af på denne side. »Åbn til udskrift« viser den hele.',
  original: 'Gem som .eml',
  done: 'Når du er færdig',
  finish: 'Jeg er færdig: glem den her',
  finishHint:
    'Så bliver beskeden glemt her med det samme; ellers {minutes} minutter efter dit seneste skridt. Din vedhæftede fil er, som den var.',
  notes: {
    title: 'Sådan vises beskeden',
    'html-too-complex':
      'Den formaterede udgave er for indviklet til at blive vist sikkert. Derfor vises den rene tekst.',
    unparsable: 'Dele af beskeden kunne ikke forstås. Den vises som tekst; gem den som .eml for at få det hele.',
    truncated: 'Beskeden er længere end det, der vises her; gem den som .eml for at få det hele.',
    'images-omitted': 'Nogle billeder vises ikke, fordi de er for store eller af en slags, der ikke er sikker at vise.',
    'remote-content-removed':
      'Beskeden henviser til indhold andre steder på internettet. Det er udeladt: intet her fortæller nogen, at du læser dette.',
    'unknown-charset': 'En del af teksten har en ukendt tegnkodning, så nogle tegn kan være forkerte.',
    'repeated-header': 'Mailen siger det samme to gange, for eksempel to afsendere. Den første vises; vær forsigtig.',
    'damaged-encoding': 'En del af beskeden var beskadiget, før den blev forseglet. Det, der kunne læses, vises.',
    other: 'Noget i beskeden kunne ikke vises. Gem den som .eml for at få det hele.',
  },
};
