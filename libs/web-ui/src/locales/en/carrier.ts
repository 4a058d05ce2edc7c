/**
 * The mail that carries a seal, and its attachment. Every carrier pays for each character here, so texts are short; the
 * attachment's are also read by people who have never heard of the portal and rightly suspect it.
 */
export const carrier = {
  subject: 'Sealed message from {organisation}',
  mail: {
    intro: '{organisation} has sent you a sealed message. Only you can read it.',
    steps: 'Open the attachment message.html and press “{button}”. Then sign in, or get a code sent to this mailbox.',
    elsewhere: 'If the attachment does not open, or nothing happens, save it and hand it in here:',
    privacy: 'What this portal keeps, and what it never keeps:',
  },
  page: {
    title: 'Sealed message from {organisation}',
    intro:
      '{organisation} has sent you a sealed message. The button takes this file to {host}. There you sign in, or get a code sent to your mailbox, and read.',
    button: 'Read the message',
    check: 'Enter nothing unless the address in your browser begins with {origin}/',
    elsewhere: 'Nothing happens? Save this file and hand it in at',
    until: 'Can be read until {time}.',
    privacy: 'What is kept, and what never is',
  },
};
