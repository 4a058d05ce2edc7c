import { plural } from '../texts.ts';

/** Texts of the group `passcode`; its shape is the shape of every other language. */
export const passcode = {
  enter: {
    title: 'Enter the code from your mail',
    titleWithError: 'Not accepted: enter the code from your mail',
    sentTo: 'We have sent a code to {address}. Enter it here to show that this address is yours.',
    label: 'Code',
    hint: '8 digits, such as 1234 5678.',
    hintLong: '16 letters and digits, such as ABCD EFGH 2345 QRST. Capitals or not, it does not matter.',
    goodUntil: 'The mail has the reference {reference}. The code works until {time}.',
    submit: 'Continue',
  },
  needed: {
    title: 'You need a new code',
  },
  over: {
    title: 'Too many wrong codes',
    text: 'This code no longer works. Nothing is lost: begin again, and you get a new one.',
  },
  error: {
    summary: 'The code was not accepted.',
    wrong: 'That is not the code. Compare it with the newest mail from us: an older code no longer works.',
    triesLeft: plural('count', { one: 'You have {count} try left.', other: 'You have {count} tries left.' }),
    malformed: 'Enter the 8 digits of the code. This did not count as a try.',
    malformedLong: 'Enter the 16 letters and digits of the code. This did not count as a try.',
    superseded: 'A newer code has been sent since. Enter that one.',
  },
  notice: {
    onItsWay:
      'A code was sent a moment ago and is still good. Give it a little time, then ask again if it does not come.',
    limitReached: 'We have sent as many codes as we do in an hour. You can have another one from {time}.',
    clientLimitReached:
      'This service has had as many codes sent as it may in an hour. Begin again and sign in with an account, or come back in an hour.',
    suspended:
      'Too many wrong codes were entered for this address today. You can still get in: ask for a new code. It will be longer, so that it cannot be guessed.',
    none: 'No code has been sent yet.',
    expired: 'The code is more than 10 minutes old and no longer works. Ask for a new one.',
  },
  delivery: {
    sending: 'The mail with the code is on its way to your mail server.',
    taken: 'The mail with the code was taken by the mail server at {time}.',
    tryingAgain: 'The mail server did not take the mail with the code. We are trying again at {time}.',
    refused:
      'The mail server refused the mail with the code at {time}. Ask whoever looks after your mail, or the sender of the message.',
    failed: 'The mail with the code could not be delivered ({time}). Ask for a new code.',
    look: 'Look again',
  },
  help: {
    title: 'If no mail comes',
    text: 'It can take a few minutes. Look among unwanted mail (spam) as well. The code goes to this address and to no other; if mail for it reaches you in another mailbox, look there.',
  },
  another: 'Send a new code',
  startAgain: 'Begin again',
  clientSpent: {
    title: 'No more codes for now',
    text: 'The service that you came from has had as many codes sent as it may in an hour. Go back and sign in with an account, or try again in an hour.',
  },
  busy: {
    title: 'Too many people at once',
    text: 'We could not deal with your code just now, and nothing was counted against you. Go back and try again in a few seconds.',
  },
};
