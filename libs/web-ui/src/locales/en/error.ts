/** One group for each kind of failure that a person may meet: what happened, and what to do next. */
export const error = {
  reference: 'If you ask for help, give this reference: {reference}',
  toStart: 'Go to the start page',
  notFound: {
    title: 'This page does not exist',
    text: 'The address may be mistyped, or the page is no longer there. If you came from an attachment, open the attachment again.',
  },
  methodNotAllowed: {
    title: 'This page cannot be used that way',
    text: 'Go to the start page and begin again from there.',
  },
  badRequest: {
    title: 'We could not use what was sent',
    text: 'Go back, check what you entered, and try again.',
  },
  addressRefused: {
    title: 'That is not one plain mail address',
    text: 'Go back and enter a single address, such as name@example.com, without quotes, spaces or comments.',
  },
  formExpired: {
    title: 'This form is no longer valid',
    text: 'It was open for a long time, or you have signed in or out since. Nothing was done. Go back, load the page again, and try once more. Your browser must accept cookies from this site.',
  },
  forbidden: {
    title: 'You cannot see this',
    text: 'Open the attachment again and sign in with the address that the message was sent to.',
  },
  tooLarge: {
    title: 'That is too large',
    text: 'This portal takes in no file of that size, and nothing was kept. Make sure that you chose message.html itself; if you did, ask the sender.',
  },
  unsupportedMediaType: {
    title: 'That is not in a form we can read',
    text: 'Nothing was kept. Go to the start page and hand in the attachment there.',
  },
  tooManyRequests: {
    title: 'Too many tries',
    text: 'Wait a while, then try again.',
  },
  unavailable: {
    title: 'Not possible right now',
    text: 'The portal shows nothing that it cannot also record, and right now it cannot. Nothing is lost: your attachment stays as it is. Try again in a few minutes.',
  },
  busy: {
    title: 'There is no room right now',
    text: 'Many messages are being opened at this moment. Yours is safe in its attachment. Wait a minute, then open it again.',
  },
  unexpected: {
    title: 'Something went wrong',
    text: 'It is our fault, not yours, and it has been noted. Your attachment stays as it is. Try again in a few minutes.',
  },
};
