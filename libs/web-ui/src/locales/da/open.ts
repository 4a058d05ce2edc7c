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
    how: 'Log ind med en konto, der har adressen ovenfor, eller få en kode sendt til den med mail. Koden kræver ingen konto.',
    submit: 'Fortsæt til login',
    notYours: 'Er det ikke din adresse? Så er beskeden ikke til dig. Slet den, og sig det til afsenderen.',
    proofRefused:
      'Det login kunne ikke bruges. Måske tog det for lang tid, eller det var allerede brugt. Log ind en gang til.',
    cancelled: 'Du blev ikke færdig med at logge ind. Beskeden venter stadig; du kan logge ind nu, på den måde du vil.',
  },
  nobodyWaits: {
    title: 'Dette login er slut',
    text: 'Det tog for lang tid, eller det blev begyndt i en anden browser. Åbn den vedhæftede fil igen, og log ind en gang til. Intet af din besked er gået tabt.',
  },
  providerAway: {
    title: 'Man kan ikke logge ind lige nu',
    text: 'Din besked er i sikkerhed. Gå tilbage, og prøv igen om et minut.',
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
    account:
      'Brugte du en konto hos Microsoft, Google eller din organisation, er du stadig logget ind dér. Log også ud dér på en computer, som andre bruger.',
  },
  signOut: 'Log ud',
};
