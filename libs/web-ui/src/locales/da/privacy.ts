import type { privacy as en } from '../en/privacy.ts';

export const privacy: typeof en = {
  title: 'Hvad der sker med din besked og dine oplysninger',
  updated: 'Senest opdateret:',
  inShort:
    'Du kan læse en forseglet besked her uden at efterlade noget af den. Beskeden, din kode og dit login bliver ikke gemt. Det bliver derimod registreret, hvem der har fået vist hvad og hvornår.',
  covers: {
    title: 'Hvad siden handler om',
    text: 'Den handler alene om denne portal, som {organisation} driver på maskiner, de selv har valgt, så du kan læse post, der skal forblive fortrolig. Hvordan din mailudbyder, din telefon eller computer og {organisation} i øvrigt behandler oplysninger, står i deres egne erklæringer, som gælder ved siden af denne.',
  },
  reading: {
    title: 'Sådan læser du en forseglet besked',
    mail: 'En forseglet besked kommer som en almindelig mail med én vedhæftet fil, message.html. Filen rummer hele beskeden i krypteret form. Åbn den på en computer eller en telefon, så afleverer din browser den krypterede besked til portalen. Du skal ikke bruge nogen konto, app eller script.',
    file: 'Nogle telefoner og webmailprogrammer lader ikke en vedhæftet fil sende noget. Gem da filen, og aflever den på forsiden.',
    yours: 'Den vedhæftede fil bliver i din postkasse, krypteret, så længe du lader den ligge.',
  },
  signIn: {
    title: 'Sådan viser du, at beskeden er til dig',
    accounts: 'Du kan logge ind med en konto, som du allerede har:',
    accountMustFit:
      'Kontoen skal vise netop den adresse, som beskeden er sendt til. Har den en anden adresse, eller står udbyderen ikke inde for adressen, bliver intet vist, og du får at vide, hvilken konto det var.',
    otherwiseCode:
      'Har du ingen sådan konto, er en kode lige så god; det samme er en konto, som du opretter til netop den adresse.',
    codeAlone: 'Du behøver ingen konto her.',
    code: 'Du kan bede om en kode, og vi sender den med mail til netop den adresse, som beskeden er sendt til. Du skriver den i den samme browser. Du skal ikke oprette dig, og der er ingen adgangskode.',
    limits:
      'En kode har 8 cifre, gælder i 10 minutter og virker én gang. Hvis nogen gætter for mange gange på din adresse, bliver koderne længere, så du stadig kan logge ind.',
    means:
      'En kode viser, at du kan læse postkassen lige nu. Det samme kan enhver anden, der kan læse den, så pas godt på din postkasse.',
  },
  credentials: {
    title: 'Koder og login bruges til at logge ind og til intet andet',
    text: 'Din kode ligger kun i hukommelsen: til mailen med den er på vej, og derefter som et fingeraftryk, til den er brugt eller udløbet. Den skrives ikke i nogen fil, nogen registrering eller nogen log. Et login slutter, når du logger ud, efter 30 minutter uden brug og senest efter 8 timer.',
    accounts:
      'Bruger du en konto, skriver du dens adgangskode hos udbyderen og aldrig her. Udbyderen får at vide, at du loggede ind på denne portal, og hvornår, men ikke hvilken besked du læste. Det, den sender os om dig, tjener dette ene login og bliver ikke gemt, bortset fra dens eget nummer for din konto, som bliver registreret.',
    cookies:
      'Til det har din browser cookies med tilfældige tal i og intet andet. De forsvinder, når du lukker browseren, og de, der hører til et igangværende login, efter 15 minutter. Vælger du et sprog her, husker endnu en cookie sproget.',
  },
  mail: {
    title: 'Din besked bliver ikke gemt og forlader aldrig portalen',
    memory:
      'Den krypterede besked venter i hukommelsen, til du er færdig, eller i 15 minutter efter dit seneste skridt. Den bliver kun dekrypteret, mens ét svar til din browser bliver lavet, og på ny for hver visning og hver fil, du gemmer. Intet af det, du åbner, bliver skrevet på en disk. På vej ud venter den forseglede mail, stadig krypteret, hos den afsendende organisation, til den næste mailserver har taget imod den.',
    nothingElse:
      'Når en besked vises, bliver ingen andre spurgt om noget: billeder, skrifttyper og stilark udefra bliver ikke hentet, og links bliver ikke afprøvet. Den, der har skrevet beskeden, får ikke gennem den at vide, at du har åbnet den.',
  },
  counting: {
    title: 'Hvad vi tæller',
    what: 'Vi tæller, hvor ofte beskeder bliver vist, hvordan folk logger ind, hvilke slags fejl der opstår, hvor lang tid der går fra aflevering til læsning, og hvilken slags browser, app og styresystem der bruges.',
    how: 'Hver af disse ting tælles for sig og lægges sammen i hukommelsen, hvor de sker. Et tal skrives først ned, når mindst ti forskellige besøg er med i det. Det, der ikke er nået op på ti, når portalen stopper, bliver smidt væk. Der er intet navn, ingen adresse, intet nøjagtigt tidspunkt og ingen fuld beskrivelse af browseren i det.',
    use: 'Vi ser kun på tallene lagt sammen, for at gøre portalen bedre og sikrere. De bruges aldrig til at finde ud af, hvem du er, til at kontakte dig eller til at reklamere over for dig.',
  },
  record: {
    title: 'Hvad der bliver registreret',
    intro:
      'For at {organisation} kan bevise, hvem der har fået vist en fortrolig besked, bliver følgende registreret, og det bliver stående:',
    sealed:
      'at en besked blev forseglet: fra hvilken adresse til hvilken, hvornår, dens størrelse og et fingeraftryk af dens indhold, og dens emne, hvor {organisation} har valgt det',
    opened: 'at den vedhæftede fil blev afleveret, og at den blev afvist, med grunden',
    codes: 'at en kode blev bestilt, sendt, godtaget eller afvist, men aldrig koden',
    viewed:
      'at du loggede ind, så beskeden eller gemte en fil fra den: hvornår, hvordan du havde vist, hvem du er, og, medmindre {organisation} har slået det fra, fra hvilken netværksadresse; en visning registreres, før noget bliver vist',
    signIns:
      'at et login ikke lykkedes, og hvorfor; for en konto, hvis udbyder det var, og udbyderens nummer for den; ved en postkasse, som flere læser, hvem du er, hvor {organisation} beder om det',
    revoked: 'at en besked blev trukket tilbage',
    notHeld: 'Hverken beskeden eller hvilken browser du bruger, bliver registreret.',
    who: 'Registreringen ses af dem hos {organisation}, der skal stå til ansvar for fortrolig post, og af dem, som de skal bevise noget over for. Den gives ikke til andre.',
    forgotten:
      'Adresser, emner, netværksadresser og kontonumre står kun i registreringen under en nøgle, der er din egen. Selve registreringen bliver stående, for kunne den ændres, beviste den intet. Men når du bliver slettet, bliver din nøgle ødelagt, og så kan ingen længere læse ud af den, hvem du var.',
    ask: 'Vil du vide, hvad der er registreret om dig, have det rettet eller blive glemt, så skriv til {contact}.',
  },
  responsible: {
    title: 'Hvem der har ansvaret',
    text: '{organisation} driver portalen og har ansvaret for den.',
    mail: 'Mail',
    privacy: 'Spørgsmål om privatliv',
    post: 'Post',
    authority:
      'Du kan også klage til databeskyttelsesmyndigheden i det land, hvor du bor; i Danmark er det Datatilsynet.',
  },
  sender: {
    title: 'Spørgsmål om selve beskeden',
    text: 'Hvorfor du har fået noget tilsendt, og hvad {organisation} gør med dine oplysninger andre steder, må {organisation} svare på: skriv til {contact} eller til den, der sendte dig beskeden.',
  },
  changes: {
    title: 'Hvad der er ændret',
    first: 'Første udgave.',
    accounts: 'Login med en konto: hvad udbyderen får at vide, hvad der bliver registreret, og hvilke cookies der er.',
  },
};
