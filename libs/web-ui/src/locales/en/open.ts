/** Texts of the journey from the attachment to the message: the pages of the room recipient-access before anything is shown. */
export const open = {
  start: {
    title: 'Open a sealed message',
    lead: '{organisation} sends confidential mail as a sealed attachment named message.html. Only the person it was sent to can read it, and only here.',
    howTitle: 'The usual way',
    how: 'Open the attachment message.html in your mail and press its button. It brings you here.',
    handInTitle: 'If the button does nothing',
    handIn:
      'Some phones and web mail programs do not let an attachment send anything. Save the attachment first, then choose it here.',
    fileLabel: 'The saved attachment',
    fileHint: 'The file message.html, or the whole mail saved as .eml.',
    submit: 'Hand in and continue',
    whatHappens: 'Nothing is shown yet: on the next page you show that the message was sent to you.',
    trust: 'This portal belongs to {organisation}. It never asks you for a password.',
  },
  cannot: {
    title: 'This message cannot be shown here now',
    lead: 'There can be several reasons. For everyone’s safety, this page does not say which one it is.',
    againTitle: 'Try this first',
    again: 'A message waits here for a short while only. Open the attachment again, or hand it in on the start page.',
    complete:
      'Make sure that the attachment is complete, is the file named message.html, and was not changed by another program.',
    senderTitle: 'If that does not help',
    sender:
      'Ask the sender. The message may be too old, or may have been withdrawn, or may not come from here. The sender can send it again.',
    start: 'Hand in an attachment',
  },
  prove: {
    heading: 'A sealed message from {organisation}',
    title: 'Show that this message is for you',
    sentBy: 'Sender',
    sealedAt: 'Sealed',
    expiresAt: 'Can be read until',
    sentTo: 'Sent to',
    how: 'Sign in with an account that has the address above, or have a code sent to it by mail. No account is needed for the code.',
    submit: 'Continue to sign in',
    notYours: 'Is this not your address? Then the message is not meant for you. Please delete it and tell the sender.',
    proofRefused:
      'That sign-in could not be used. It may have taken too long, or was used already. Please sign in once more.',
    cancelled:
      'You did not finish signing in. The message still waits; you can sign in now, in whichever way you like.',
  },
  nobodyWaits: {
    title: 'This sign-in is over',
    text: 'It took too long, or it was begun in another browser. Open the attachment again and sign in once more. Nothing of your message is lost.',
  },
  providerAway: {
    title: 'Signing in does not work at the moment',
    text: 'Your message is safe. Please go back and try again in a minute.',
  },
  confirm: {
    title: 'Read the message',
    lead: 'You have proven that {address} is yours.',
    recorded: '{organisation} keeps a record that you read this message, and when.',
    submit: 'Show the message',
    notHere: 'The message is still sealed; the button opens it.',
  },
  finished: {
    title: 'The message is no longer here',
    text: 'What waited here is forgotten. To read the message again, open the attachment again.',
    stillSignedIn: 'You are still signed in, so the next message to the same address opens without a new code.',
  },
  signedOut: {
    title: 'You are signed out',
    text: 'This browser can no longer read a message here without a new sign-in. You may close this page.',
    account:
      'If you used an account of Microsoft, Google or your organisation, you are still signed in there. Sign out there too on a computer that others use.',
  },
  signOut: 'Sign out',
};
