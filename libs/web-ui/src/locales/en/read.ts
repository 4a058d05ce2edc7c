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
  sealedBy: 'Sealed by {sender} for {recipient}',
  senderDiffers: '{sender} sealed this message, but the From line below names someone else. Be careful.',
  frameLabel: 'Content of the message',
  textView: 'Show as plain text',
  noContent: 'This message has no text.',
  attachments: plural('count', { one: '{count} attachment', other: '{count} attachments' }),
  attachmentsNote:
    'Attachments come as they were sent; this portal does not check them for viruses. Each download is recorded.',
  download: 'Download',
  nested: 'Attached message',
  nestedFiles: 'Files of this attached message',
  keep: 'Keep or print it',
  print: 'Open for printing',
  printHint:
    'The message opens on a page of its own, which your browser can print. What you save or print is no longer sealed.',
  onPaper: 'A long message may be cut off on this page. “Open for printing” shows the whole of it.',
  original: 'Save as .eml',
  done: 'When you are done',
  finish: 'I am done: forget it here',
  finishHint:
    'The message is forgotten here at once; otherwise {minutes} minutes after your last step. Your attachment stays as it is.',
  notes: {
    title: 'How this message is shown',
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
