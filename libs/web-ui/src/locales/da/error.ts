import type { error as en } from '../en/error.ts';

export const error: typeof en = {
  reference: 'Oplys denne reference, hvis du beder om hjælp: {reference}',
  toStart: 'Gå til forsiden',
  notFound: {
    title: 'Siden findes ikke',
    text: 'Adressen kan være tastet forkert, eller siden er der ikke længere. Kom du fra en vedhæftet fil, så åbn filen igen.',
  },
  methodNotAllowed: {
    title: 'Siden kan ikke bruges på den måde',
    text: 'Gå til forsiden, og begynd derfra igen.',
  },
  badRequest: {
    title: 'Vi kunne ikke bruge det, der blev sendt',
    text: 'Gå tilbage, se efter, hvad du har skrevet, og prøv igen.',
  },
  addressRefused: {
    title: 'Det er ikke én almindelig mailadresse',
    text: 'Gå tilbage, og skriv en enkelt adresse som navn@example.com, uden anførselstegn, mellemrum eller kommentarer.',
  },
  formExpired: {
    title: 'Formularen gælder ikke længere',
    text: 'Den har stået åben længe, eller du har logget ind eller ud siden. Der er ikke sket noget. Gå tilbage, hent siden igen, og prøv en gang til. Din browser skal tage imod cookies fra denne side.',
  },
  forbidden: {
    title: 'Det kan du ikke se',
    text: 'Åbn den vedhæftede fil igen, og log ind med den adresse, som beskeden er sendt til.',
  },
  tooLarge: {
    title: 'Det er for stort',
    text: 'Portalen tager ikke imod så stor en fil, og intet er gemt. Se efter, at du har valgt selve message.html; har du det, så spørg afsenderen.',
  },
  unsupportedMediaType: {
    title: 'Det er ikke i en form, vi kan læse',
    text: 'Intet er gemt. Gå til forsiden, og aflever den vedhæftede fil der.',
  },
  tooManyRequests: {
    title: 'For mange forsøg',
    text: 'Vent lidt, og prøv så igen.',
  },
  unavailable: {
    title: 'Det kan ikke lade sig gøre lige nu',
    text: 'Portalen viser intet, som den ikke også kan registrere, og det kan den ikke lige nu. Intet er gået tabt: din vedhæftede fil er, som den var. Prøv igen om nogle minutter.',
  },
  busy: {
    title: 'Der er ikke plads lige nu',
    text: 'Mange beskeder bliver åbnet i dette øjeblik. Din ligger trygt i sin vedhæftede fil. Vent et minut, og åbn den så igen.',
  },
  unexpected: {
    title: 'Noget gik galt',
    text: 'Det er vores fejl, ikke din, og den er noteret. Din vedhæftede fil er, som den var. Prøv igen om nogle minutter.',
  },
};
