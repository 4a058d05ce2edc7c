import { plural } from '../texts.ts';

/** Texts of the pages that show a message. */
export const read = {
  title: 'Sealed message',
  noSubject: '(no subject)',
  from: 'From',
  to: 'To',
  cc: 'Copy to',
  date: 'Written',
  files: 'Attachments',
  replyTo: 'Replies go to',
  embedded: 'The attached message in full',
  sealedBy: 'Sealed for',
  senderDiffers: 'The seal says that {sender} sent this. The From line above says something else: be careful.',
  frameLabel: 'Content of the message',
  textView: 'As plain text',
  noContent: 'This message has no text.',
  attachments: plural('count', { one: '{count} attachment', other: '{count} attachments' }),
  attachmentsNote: 'Attachments are handed out as they are, not checked for harm. Each download is recorded.',
  download: 'Download',
  nested: 'Attached message',
  actions: 'What you can do',
  print: 'Open for printing',
  printHint: 'Opens the message on a page of its own; print that with your browser.',
  original: 'Save as .eml',
  finish: 'I am done: forget it here',
  finishHint: 'Otherwise it is forgotten {minutes} minutes after your last step.',
  notes: {
    title: 'About how this message is shown',
    'html-too-complex': 'The formatted version is too complex to be shown safely, so the plain text is shown.',
    unparsable:
      'Parts of this message could not be understood. It is shown as text; save it as .eml to have all of it.',
    truncated: 'The message is longer than what is shown here; save it as .eml to have all of it.',
    'images-omitted': 'Some images are not shown, because they are too large or of a kind that is not safe to show.',
    'remote-content-removed':
      'The message refers to content elsewhere on the internet. It was left out: nothing here tells anyone that you read this.',
    'unknown-charset': 'Part of the text is in an unknown encoding, so some characters may be wrong.',
    'repeated-header': 'The mail says the same thing twice, for instance two senders. The first is shown; be careful.',
    'damaged-encoding': 'Part of the message was damaged before it was sealed. What could be read is shown.',
    other: 'Something in this message could not be shown. Save it as .eml to have all of it.',
  },
};
