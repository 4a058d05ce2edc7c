import type { signIn as en } from '../en/sign-in.ts';

export const signIn: typeof en = {
  title: 'Log ind',
  titleOfAddress: 'Vis, at adressen er din',
  titleWithError: 'Ikke godtaget: indtast din mailadresse',
  lead: {
    portal: 'Beskeden blev sendt til {address}. Vælg, hvordan du vil vise, at adressen er din.',
    client: '{client} beder dig vise, at {address} er din adresse.',
    anyAddress: '{client} beder dig vise, hvilken mailadresse der er din.',
    console: 'Log ind på {client} med din konto i organisationen.',
  },
  accounts: {
    title: 'Med en konto, du har',
    with: 'Log ind med {name}',
    unreachable: 'Der er ikke forbindelse til {name} lige nu. Prøv igen om et par minutter, eller vælg en anden måde.',
    noneFits:
      'Ingen af disse hører uden videre sammen med din adresse. En konto, der er oprettet til netop denne adresse, kan bruges, og koden på mail kræver ingen konto.',
  },
  hint: {
    fits: 'Hører sammen med din adresse.',
    mayFit: 'Kan bruges, hvis din konto dér har netop denne adresse.',
    doesNotFit: 'Ser ikke ud til at høre sammen med din adresse.',
  },
  code: {
    title: 'Med en kode på mail',
    text: 'Vi sender en kode til adressen. Du behøver ingen konto, og koden gælder i 10 minutter.',
    textForAny:
      'Vi sender en kode til den adresse, du indtaster. Du behøver ingen konto, og koden gælder i 10 minutter.',
    address: 'Din mailadresse',
    addressHint: 'For eksempel navn@example.com.',
    submit: 'Send mig en kode',
    jump: 'Uden konto: få en kode på mail',
    errorSummary: 'Adressen blev ikke godtaget.',
    errorEmpty: 'Indtast den mailadresse, koden skal sendes til.',
    errorAddress: 'Det er ikke én almindelig mailadresse. Indtast en enkelt, for eksempel navn@example.com.',
    errorBarred: 'Der sendes ingen koder til denne adresse, fordi flere ser dens post. Log ind med en konto i stedet.',
  },
  codeBarred: 'Der sendes ingen koder til denne adresse, fordi flere ser dens post.',
  noWay: 'Man kan ikke logge ind her lige nu. Spørg den organisation, der sendte dig hertil.',
  cancel: 'Gå tilbage uden at logge ind',
  told: {
    cancelled: 'Du vendte om, og du er ikke logget ind. Vælg, hvordan du vil fortsætte.',
    refused: 'Dette login blev ikke godtaget. Prøv igen, eller vælg en anden måde.',
    unreachable:
      'Der er ikke forbindelse til den udbyder lige nu. Vælg en anden måde, eller prøv igen om et par minutter.',
    over: 'Det trin er allerede brugt, eller det tog for lang tid. Intet er gået tabt: vælg igen, hvordan du vil fortsætte.',
    tooMany: 'Der var for mange forsøg på at logge ind med en konto. Vælg en anden måde, eller prøv igen om en time.',
  },
  notProven: {
    title: 'Denne konto viser ikke, at adressen er din',
    signedInAs: 'Hos {provider} er du logget ind som {account}.',
    signedIn: 'Du er logget ind hos {provider}.',
    wanted: 'Der spørges efter adressen {address}, og den beviser kontoen ikke.',
    wantedAny: 'Kontoen beviser ingen mailadresse.',
    next: 'Få i stedet sendt en kode til adressen, eller log ind med en anden konto.',
    nextWithoutCode: 'Log ind med en anden konto.',
  },
  reader: {
    title: 'Hvem læser?',
    titleWithError: 'Ikke godtaget: hvem læser?',
    lead: 'Flere læser posten til {address}. Afsenderens organisation spørger, hvem du er.',
    statedText: 'Dit navn gemmes i registreringen af, hvem der læste beskeden, og bruges ikke til andet.',
    accountText:
      'Log ind med en konto, der er din egen. Hvilken konto det var, gemmes i registreringen af, hvem der læste beskeden, og bruges ikke til andet.',
    label: 'Dit navn',
    hint: 'Som dine kolleger kender dig, højst 100 tegn.',
    submit: 'Fortsæt',
    errorSummary: 'Navnet blev ikke godtaget.',
    error: 'Indtast dit navn med højst 100 tegn.',
  },
  goOn: {
    title: 'Det er vist, at adressen er din',
    text: 'Du føres tilbage til {client}.',
    link: 'Fortsæt',
  },
  notHere: {
    title: 'Dette login kan ikke fortsætte her',
    text: 'Det er slut, tog for lang tid eller blev begyndt i en anden browser. Intet er gået tabt: gå tilbage til, hvor du kom fra, eller åbn den vedhæftede fil i mailen igen, og begynd forfra. Din browser skal tage imod cookies fra dette sted.',
  },
  noCode: {
    title: 'Her kan man ikke få en kode',
    text: 'Til dette login skal der bruges en konto. Gå tilbage, og vælg en af kontiene dér.',
  },
  noSuchUpstream: {
    title: 'Man kan ikke logge ind sådan her',
    text: 'Gå tilbage, og vælg en af de måder, der tilbydes dér.',
  },
};
