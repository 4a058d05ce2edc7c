/** The privacy page, in the order that PRODUCT.md gives. Only what this build keeps; a change here is a line under `changes`. */
export const privacy = {
  title: 'What happens to your message and your data',
  updated: 'Last updated:',
  inShort:
    'You can read a sealed message here without leaving anything of it behind. The message, your code and your sign-in are not kept. A record of who was shown what, and when, is.',
  covers: {
    title: 'What this page covers',
    text: 'It covers this portal alone, which {organisation} runs on machines of its own choosing to let you read mail that must stay confidential. How your mail provider, your phone or computer, and {organisation} itself treat data is told in their own statements, which stand beside this one.',
  },
  reading: {
    title: 'How you read a sealed message',
    mail: 'A sealed message comes as an ordinary mail with one attachment, message.html. The attachment holds the whole message, encrypted. Open it on a computer or a phone, and your browser hands the encrypted message to this portal. You need no account, no app and no script.',
    file: 'Some phones and web mail programs do not let an attachment send anything. Then save the file and hand it in on the start page.',
    yours: 'The attachment stays in your mailbox, encrypted, for as long as you keep it there.',
  },
  signIn: {
    title: 'How you prove that the message is for you',
    accounts: 'You can sign in with an account that you already have:',
    accountMustFit:
      'The account must prove the very address that the message was sent to. If it has another address, or its provider does not vouch for the address, nothing is shown, and you are told which account it was.',
    otherwiseCode:
      'If you have no such account, a code does as well; so would an account that you make for that very address.',
    codeAlone: 'You need no account here.',
    code: 'You can ask for a code, and we send it by mail to the very address that the message was sent to. You enter it in the same browser. There is nothing to register and no password.',
    limits:
      'A code is 8 digits, is good for 10 minutes and works once. Should somebody guess too often at your address, codes become longer, so that you can still sign in.',
    means:
      'A code proves that you can read that mailbox now. Whoever else can read it can do the same, so keep your mailbox safe.',
  },
  credentials: {
    title: 'Codes and sign-in serve sign-in, and nothing else',
    text: 'Your code is in memory only: until its mail is on its way, and after that as a fingerprint, until it is used or runs out. It is written into no file, no record and no log. A sign-in ends when you sign out, after 30 minutes without use, and after 8 hours at the latest.',
    accounts:
      'If you use an account, you enter its password at its provider and never here. The provider learns that you signed in to this portal, and when, but not which message you read. What it sends us about you serves this one sign-in and is not kept, except for its own number for your account, which stands in the record.',
    cookies:
      'For this your browser holds cookies with random numbers in them and nothing else. They go when you close the browser, those of a sign-in under way after 15 minutes. If you choose a language here, one more cookie remembers the language.',
  },
  mail: {
    title: 'Your message is not kept, and never leaves the portal',
    memory:
      'The encrypted message waits in memory until you are done, or for 15 minutes after your last step. It is decrypted only while one answer to your browser is being made, anew for every view and every file that you save. Nothing of what you open is written to a disk. On its way out, the sealed mail, still encrypted, waits at the sending organisation until the next mail server has taken it.',
    nothingElse:
      'Showing a message asks nothing of anyone else: pictures, fonts and styles from elsewhere are not loaded, and links are not tested. Whoever wrote the message does not learn through it that you opened it.',
  },
  counting: {
    title: 'What we count',
    what: 'We count how often messages are viewed, how people sign in, which kinds of errors come up, how long it takes from handing in to reading, and which kind of browser, app and operating system is used.',
    how: 'Each of these is counted on its own and added up in memory where it happens. A count is written down only once at least ten different visits are in it. What has not come to ten by the time the portal stops is thrown away. No name, no address, no exact time and no full browser description is in it.',
    use: 'We look at these figures only added up, to make the portal better and safer. They are never used to identify you, to contact you or to advertise to you.',
  },
  record: {
    title: 'What the record holds',
    intro: 'So that {organisation} can prove who was shown a confidential message, this is recorded for good:',
    sealed:
      'that a message was sealed: from which address to which, when, its size and a fingerprint of its content, and its subject where {organisation} has chosen so',
    opened: 'that its attachment was handed in, and that it was refused, with the reason',
    codes: 'that a code was asked for, sent, accepted or refused, but never the code',
    viewed:
      'that you signed in, saw the message or saved a file from it: when, how you had proved yourself and, unless {organisation} has switched that off, from which network address; a view is recorded before anything is shown',
    signIns:
      'that a sign-in failed, and why; for an account, whose provider it was and the provider’s number for it; at a mailbox that several people read, who you are, where {organisation} asks for that',
    revoked: 'that a message was revoked',
    notHeld: 'It does not hold the message, nor which browser you use.',
    who: 'It is seen by those at {organisation} who must answer for confidential mail, and by those to whom they have to prove something. It is not given to anyone else.',
    forgotten:
      'Addresses, subjects, network addresses and the numbers of accounts are in the record only under a key of your own. The record itself stays, since it could prove nothing if it could be changed. But when you are erased, your key is destroyed, and nobody can read from it any more who you were.',
    ask: 'To ask what the record holds about you, to have it put right, or to be forgotten, write to {contact}.',
  },
  responsible: {
    title: 'Who is responsible',
    text: '{organisation} runs this portal and is responsible for it.',
    mail: 'Mail',
    privacy: 'Questions about privacy',
    post: 'Post',
    authority: 'You may also complain to the data protection authority where you live.',
  },
  sender: {
    title: 'Questions about the message itself',
    text: 'Why you were sent something, and what {organisation} does with your data elsewhere, is for {organisation} to answer: write to {contact}, or to whoever sent you the message.',
  },
  changes: {
    title: 'What has changed',
    first: 'First version.',
    accounts:
      'Signing in with an account: what its provider learns, what the record holds of it, and which cookies there are.',
  },
};
