import type { open as english } from '../en/open.ts';

export const open: typeof english = {
  start: {
    title: 'Åbn en forseglet besked',
    lead: '{organisation} sender fortrolig post som en forseglet, vedhæftet fil med navnet message.html. Kun modtageren kan læse den, og kun her.',
    howTitle: 'Sådan gør du normalt',
    how: 'Åbn den vedhæftede fil message.html i din mail, og tryk på knappen i den. Så kommer du hertil.',
    handInTitle: 'Hvis knappen ikke gør noget',
    handIn:
      'Nogle telefoner og webmailprogrammer lader ikke en vedhæftet fil sende noget. Gem filen først, og vælg den så her.',
    fileLabel: 'Den gemte fil',
    fileHint: 'Filen message.html eller hele mailen gemt som .eml.',
    submit: 'Aflever og fortsæt',
    whatHappens: 'Der vises ikke noget endnu: på næste side viser du, at beskeden er sendt til dig.',
    trust: 'Portalen tilhører {organisation}. Den beder dig aldrig om en adgangskode.',
  },
  cannot: {
    title: 'Denne besked kan ikke vises her nu',
    lead: 'Det kan der være flere grunde til. For alles sikkerheds skyld siger denne side ikke hvilken.',
    againTitle: 'Prøv først dette',
    again: 'En besked venter her kun kort tid. Åbn den vedhæftede fil igen, eller aflever den på forsiden.',
    complete:
      'Se efter, at filen er hel, at det er filen med navnet message.html, og at intet andet program har ændret den.',
    senderTitle: 'Hvis det ikke hjælper',
    sender:
      'Spørg afsenderen. Beskeden kan være for gammel, være trukket tilbage eller ikke komme herfra. Afsenderen kan sende den igen.',
    start: 'Aflever en vedhæftet fil',
  },
  prove: {
    heading: 'En forseglet besked fra {organisation}',
    title: 'Vis, at beskeden er til dig',
    sentBy: 'Afsender',
    sealedAt: 'Forseglet',
    expiresAt: 'Kan læses indtil',
    sentTo: 'Sendt til',
    code: 'Vi sender en kode med mail til adressen ovenfor. Den indtaster du på næste side.',
    codeLimit: 'Koden virker i {minutes} minutter og kun i denne browser.',
    submit: 'Send mig koden',
    notYours: 'Er det ikke din adresse? Så er beskeden ikke til dig. Slet den, og sig det til afsenderen.',
    proofExpired: 'Det tog for lang tid at logge ind, eller koden var allerede brugt. Bed om en ny kode.',
  },
  confirm: {
    title: 'Læs beskeden',
    lead: 'Du har vist, at {address} er din.',
    recorded: '{organisation} registrerer, at du læser beskeden, og hvornår.',
    submit: 'Vis beskeden',
    notHere: 'Beskeden er stadig forseglet; knappen åbner den.',
  },
  finished: {
    title: 'Beskeden er her ikke længere',
    text: 'Det, der ventede her, er glemt. Vil du læse beskeden igen, så åbn den vedhæftede fil igen.',
    stillSignedIn: 'Du er stadig logget ind, så den næste besked til samme adresse åbner uden en ny kode.',
  },
  signedOut: {
    title: 'Du er logget ud',
    text: 'Denne browser kan ikke længere læse en besked her uden at logge ind igen. Du kan lukke siden.',
  },
  signOut: 'Log ud',
};
