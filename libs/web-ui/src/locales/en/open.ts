import { plural } from '../texts.ts';

/** Texts of the journey from the attachment to the message: the pages of the room recipient-access before anything is shown. */
export const open = {
  start: {
    title: 'Open a sealed message',
    lead: '{organisation} sends confidential mail sealed: as an attachment named message.html that only its recipient can read, here.',
    howTitle: 'Opening the attachment itself',
    how: 'Open message.html from the mail and press its button. It brings you to this portal.',
    handInTitle: 'If that does not work',
    handIn: 'On some phones and in some webmail the button does nothing. Save the attachment, then choose it here.',
    fileLabel: 'The attachment message.html, or the whole mail saved as .eml',
    submit: 'Hand in',
    whatHappens: 'Nothing is shown yet. You first prove that the message was sent to you.',
    trust: 'This portal belongs to {organisation}. It never asks for a password of yours.',
  },
  cannot: {
    title: 'This message cannot be shown here now',
    lead: 'That can have several reasons, and for everyone’s safety this page does not say which.',
    againTitle: 'Most often: open it again',
    again: 'A message waits here for a short while only. Open the attachment again, or hand it in on the start page.',
    complete:
      'Make sure that the attachment is complete, is the file named message.html, and was not changed by another program.',
    senderTitle: 'If that does not help',
    sender:
      'Ask the sender. The message may be too old, or may have been withdrawn, or may not come from here. The sender can send it again.',
    start: 'Hand in an attachment',
  },
  prove: {
    title: 'Prove that this message is yours',
    sentBy: 'A message from {sender}',
    sentByOrganisation: 'A message from {organisation}',
    sealedAt: 'Sealed',
    expiresAt: 'Can be read until',
    sentTo: 'Sent to',
    codeTitle: 'Get a code by mail',
    code: 'We send a one-time code to the address that the message was sent to. You enter it on the next page.',
    codeLimit: 'The code is good for {minutes} minutes, in this browser alone.',
    submit: 'Send me the code',
    notYours: 'If this is not your address, the message is not for you. Please delete it and tell the sender.',
    refusedTitle: 'No code was sent',
    tooMany: 'Too many codes were asked for this address. Try again after {time}.',
    proofExpired: 'Your sign-in took too long or was used already. Please ask for a new code.',
  },
  confirm: {
    title: 'Read the message',
    lead: 'You have proven that {address} is yours.',
    recorded: 'That you read this message, and when, is recorded for {organisation}.',
    submit: 'Show the message',
    notHere: 'Nothing has been decrypted yet.',
  },
  finished: {
    title: 'The message has left this portal',
    text: 'What waited here is forgotten. To read it again, open the attachment again.',
    stillSignedIn: 'You are still signed in, so the next message to the same address opens without a new code.',
  },
  signedOut: {
    title: 'You are signed out',
    text: 'This browser can no longer read a message here without a new sign-in. You may close this page.',
  },
  signOut: 'Sign out',
  waitingFor: plural('minutes', {
    one: 'The message waits here for {minutes} more minute after your last step.',
    other: 'The message waits here for {minutes} more minutes after your last step.',
  }),
};
