import { plural } from '../texts.ts';
import type { passcode as en } from '../en/passcode.ts';

export const passcode: typeof en = {
  enter: {
    title: 'Indtast koden fra din mail',
    titleWithError: 'Ikke godtaget: indtast koden fra din mail',
    sentTo: 'Vi har sendt en kode til {address}. Indtast den her for at vise, at adressen er din.',
    label: 'Kode',
    hint: '8 cifre, for eksempel 1234 5678.',
    hintLong:
      '16 bogstaver og tal, for eksempel ABCD EFGH 2345 QRST. Det er lige meget, om du skriver med store eller små bogstaver.',
    goodUntil: 'Mailen har referencen {reference}. Koden virker til kl. {time}.',
    submit: 'Fortsæt',
  },
  needed: {
    title: 'Du skal bruge en ny kode',
  },
  over: {
    title: 'For mange forkerte koder',
    text: 'Denne kode virker ikke længere. Intet er gået tabt: begynd forfra, så får du en ny.',
  },
  error: {
    summary: 'Koden blev ikke godtaget.',
    wrong: 'Det er ikke koden. Sammenlign med den nyeste mail fra os: en ældre kode virker ikke længere.',
    triesLeft: plural('count', { one: 'Du har {count} forsøg tilbage.', other: 'Du har {count} forsøg tilbage.' }),
    malformed: 'Indtast kodens 8 cifre. Dette talte ikke som et forsøg.',
    malformedLong: 'Indtast kodens 16 bogstaver og tal. Dette talte ikke som et forsøg.',
    superseded: 'Der er sendt en nyere kode siden. Indtast den.',
  },
  notice: {
    onItsWay:
      'Der er lige sendt en kode, og den gælder stadig. Giv den lidt tid, og bed om en ny, hvis den ikke kommer.',
    limitReached: 'Vi har sendt så mange koder, som vi gør på en time. Du kan få en ny fra kl. {time}.',
    clientLimitReached:
      'Denne tjeneste har fået sendt så mange koder, som den må på en time. Begynd forfra og log ind med en konto, eller kom igen om en time.',
    suspended:
      'Der er indtastet for mange forkerte koder for denne adresse i dag. Du kan stadig komme ind: bed om en ny kode. Den bliver længere, så den ikke kan gættes.',
    none: 'Der er ikke sendt nogen kode endnu.',
    expired: 'Koden er mere end 10 minutter gammel og virker ikke længere. Bed om en ny.',
  },
  delivery: {
    sending: 'Mailen med koden er på vej til din mailserver.',
    taken: 'Mailserveren tog imod mailen med koden kl. {time}.',
    tryingAgain: 'Mailserveren tog ikke imod mailen med koden. Vi prøver igen kl. {time}.',
    refused:
      'Mailserveren afviste mailen med koden kl. {time}. Spørg den, der passer din mail, eller afsenderen af beskeden.',
    failed: 'Mailen med koden kunne ikke leveres (kl. {time}). Bed om en ny kode.',
    look: 'Se efter igen',
  },
  help: {
    title: 'Hvis der ikke kommer nogen mail',
    text: 'Det kan tage et par minutter. Se også efter i mappen med uønsket post (spam). Koden sendes til denne adresse og ingen anden; hvis post til den lander i en anden indbakke, så se efter dér.',
  },
  another: 'Send en ny kode',
  startAgain: 'Begynd forfra',
  clientSpent: {
    title: 'Ikke flere koder lige nu',
    text: 'Den tjeneste, du kom fra, har fået sendt så mange koder, som den må på en time. Gå tilbage og log ind med en konto, eller prøv igen om en time.',
  },
  busy: {
    title: 'For mange på én gang',
    text: 'Vi kunne ikke nå din kode lige nu, og det tæller ikke imod dig. Gå tilbage, og prøv igen om nogle sekunder.',
  },
};
