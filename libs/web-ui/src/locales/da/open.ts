import type { open as english } from '../en/open.ts';
import { plural } from '../texts.ts';

export const open: typeof english = {
  start: {
    title: 'Åbn en forseglet besked',
    lead: '{organisation} sender fortrolig post forseglet: som en vedhæftet fil med navnet message.html, som kun modtageren kan læse, her.',
    howTitle: 'Åbn selve den vedhæftede fil',
    how: 'Åbn message.html fra mailen, og tryk på knappen. Den fører dig til denne portal.',
    handInTitle: 'Hvis det ikke virker',
    handIn: 'På nogle telefoner og i noget webmail gør knappen ingenting. Gem den vedhæftede fil, og vælg den her.',
    fileLabel: 'Den vedhæftede fil message.html, eller hele mailen gemt som .eml',
    submit: 'Aflever',
    whatHappens: 'Der vises intet endnu. Først beviser du, at beskeden er sendt til dig.',
    trust: 'Denne portal tilhører {organisation}. Den beder aldrig om en adgangskode.',
  },
  cannot: {
    title: 'Denne besked kan ikke vises her nu',
    lead: 'Det kan have flere grunde, og af hensyn til alles sikkerhed siger denne side ikke hvilken.',
    againTitle: 'Oftest: åbn den igen',
    again: 'En besked venter her kun kort tid. Åbn den vedhæftede fil igen, eller aflever den på startsiden.',
    complete:
      'Se efter, at filen er hel, at det er filen med navnet message.html, og at intet andet program har ændret den.',
    senderTitle: 'Hvis det ikke hjælper',
    sender:
      'Spørg afsenderen. Beskeden kan være for gammel, være trukket tilbage eller ikke komme herfra. Afsenderen kan sende den igen.',
    start: 'Aflever en vedhæftet fil',
  },
  prove: {
    title: 'Bevis, at beskeden er til dig',
    sentBy: 'En besked fra {sender}',
    sentByOrganisation: 'En besked fra {organisation}',
    sealedAt: 'Forseglet',
    expiresAt: 'Kan læses indtil',
    sentTo: 'Sendt til',
    codeTitle: 'Få en kode med mail',
    code: 'Vi sender en engangskode til den adresse, beskeden er sendt til. Du indtaster den på næste side.',
    codeLimit: 'Koden gælder i {minutes} minutter og kun i denne browser.',
    submit: 'Send mig koden',
    notYours: 'Hvis det ikke er din adresse, er beskeden ikke til dig. Slet den, og sig det til afsenderen.',
    refusedTitle: 'Der blev ikke sendt nogen kode',
    tooMany: 'Der er bedt om for mange koder til denne adresse. Prøv igen efter {time}.',
    proofExpired: 'Det tog for lang tid at logge ind, eller det er allerede brugt. Bed om en ny kode.',
  },
  confirm: {
    title: 'Læs beskeden',
    lead: 'Du har bevist, at {address} er din.',
    recorded: 'At du læser denne besked, og hvornår, bliver registreret hos {organisation}.',
    submit: 'Vis beskeden',
    notHere: 'Intet er dekrypteret endnu.',
  },
  finished: {
    title: 'Beskeden har forladt portalen',
    text: 'Det, der ventede her, er glemt. Åbn den vedhæftede fil igen for at læse den igen.',
    stillSignedIn: 'Du er stadig logget ind, så den næste besked til samme adresse åbner uden en ny kode.',
  },
  signedOut: {
    title: 'Du er logget ud',
    text: 'Denne browser kan ikke længere læse en besked her uden at logge ind igen. Du kan lukke siden.',
  },
  signOut: 'Log ud',
  waitingFor: plural('minutes', {
    one: 'Beskeden venter her {minutes} minut mere efter dit seneste skridt.',
    other: 'Beskeden venter her {minutes} minutter mere efter dit seneste skridt.',
  }),
};
