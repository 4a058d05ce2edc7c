/** Texts of the group `codeMail`; its shape is the shape of every other language. */
export const codeMail = {
  subject: 'Your code for sealed mail from {organisation} ({reference})',
  asked:
    'On {time} somebody asked at {host} for a code, to show that this mail address is theirs. If that was you, this is the code:',
  askedWith:
    'On {time} somebody asked at {host}, with the browser {browser}, for a code, to show that this mail address is theirs. If that was you, this is the code:',
  goodFor: 'It is good for {minutes} minutes, once, and only in the browser that asked for it.',
  reference: 'The page where you enter it shows the same reference as this mail: {reference}.',
  onlyThere:
    'Enter the code at {host} and nowhere else, and give it to nobody. We never ask for it by mail or on the phone.',
  notYou: 'If you did not ask for a code, do nothing. Without it, whoever asked gets no further.',
  automatic: 'Sent automatically by the portal for sealed mail of {organisation}. Nobody reads answers to this mail.',
  privacy: 'What the portal keeps, and what it does not:',
};
