/** Texts of the group `signIn`; its shape is the shape of every other language. */
export const signIn = {
  title: 'Sign in',
  titleOfAddress: 'Show that this address is yours',
  titleWithError: 'Not accepted: enter your mail address',
  lead: {
    portal: 'The message was sent to {address}. Choose how you want to show that this address is yours.',
    client: '{client} asks you to show that {address} is your address.',
    anyAddress: '{client} asks you to show which mail address is yours.',
    console: 'Sign in to {client} with your account at the organisation.',
  },
  accounts: {
    title: 'With an account that you have',
    with: 'Sign in with {name}',
    unreachable: '{name} cannot be reached right now. Try again in a few minutes, or choose another way.',
    noneFits:
      'None of these goes with your address by itself. An account that was made for this very address will do, and the code by mail needs no account.',
  },
  hint: {
    fits: 'Goes with your address.',
    mayFit: 'Will do if your account there has this very address.',
    doesNotFit: 'Does not look as if it goes with your address.',
  },
  code: {
    title: 'With a code by mail',
    text: 'We send a code to this address. You need no account, and the code works for 10 minutes.',
    textForAny: 'We send a code to the address that you enter. You need no account, and the code works for 10 minutes.',
    address: 'Your mail address',
    addressHint: 'Such as name@example.com.',
    submit: 'Send me a code',
    jump: 'Without an account: have a code sent by mail',
    errorSummary: 'The address was not accepted.',
    errorEmpty: 'Enter the mail address that the code is to go to.',
    errorAddress: 'That is not one plain mail address. Enter a single one, such as name@example.com.',
    errorBarred:
      'No codes are sent to this address, since several people see its mail. Sign in with an account instead.',
  },
  codeBarred: 'No codes are sent to this address, since several people see its mail.',
  noWay: 'There is no way to sign in here right now. Ask the organisation that sent you here.',
  cancel: 'Go back without signing in',
  told: {
    cancelled: 'You turned back, and nothing was signed in to. Choose how you want to go on.',
    refused: 'That sign-in was not accepted. Try again, or choose another way.',
    unreachable: 'That provider cannot be reached right now. Choose another way, or try again in a few minutes.',
    over: 'That step was already used, or it took too long. Nothing is lost: choose again how you want to go on.',
    tooMany: 'There were too many tries to sign in with an account. Choose another way, or try again in an hour.',
  },
  notProven: {
    title: 'This account does not show that the address is yours',
    signedInAs: 'At {provider} you are signed in as {account}.',
    signedIn: 'You are signed in at {provider}.',
    wanted: 'The address asked for is {address}, and the account does not prove that one.',
    wantedAny: 'The account does not prove a mail address.',
    next: 'Have a code sent to the address instead, or sign in with another account.',
    nextWithoutCode: 'Sign in with another account.',
  },
  reader: {
    title: 'Who is reading?',
    titleWithError: 'Not accepted: who is reading?',
    lead: 'Several people read the mail for {address}. The sender’s organisation asks who you are.',
    statedText: 'Your name is kept in the record of who read the message, and used for nothing else.',
    accountText:
      'Sign in with an account of your own. Which account it was is kept in the record of who read the message, and used for nothing else.',
    label: 'Your name',
    hint: 'As your colleagues know you, 100 characters at most.',
    submit: 'Continue',
    errorSummary: 'The name was not accepted.',
    error: 'Enter your name, with 100 characters at most.',
  },
  goOn: {
    title: 'Your address is proven',
    text: 'You are being taken back to {client}.',
    link: 'Continue',
  },
  notHere: {
    title: 'This sign-in cannot go on here',
    text: 'It has ended, took too long, or was begun in another browser. Nothing is lost: go back to where you came from, or open the attachment of the mail again, and begin anew. Your browser must accept cookies from this site.',
  },
  noCode: {
    title: 'No code can be had here',
    text: 'For this sign-in an account is needed. Go back and choose one of the accounts there.',
  },
  noSuchUpstream: {
    title: 'You cannot sign in that way here',
    text: 'Go back and choose one of the ways that are offered there.',
  },
};
