import { plural } from '../texts.ts';

/** The mailbox of the demonstration. */
export const demo = {
  mailbox: 'Mailbox',
  inbox: 'Inbox',
  explanation:
    'Demonstration: this stands for the recipient’s own mail program. All mail that the portal sends ends up here.',
  empty: 'No mail yet.',
  look: 'Look for new mail',
  back: 'Back to the inbox',
  from: 'From',
  toLabel: 'To',
  to: 'To {address}',
  received: 'Received',
  noSubject: '(no subject)',
  attachments: 'Attachments',
  attachmentCount: plural('count', { one: '{count} attachment', other: '{count} attachments' }),
  text: 'Text of the mail',
  save: 'Save this mail as a file (.eml)',
  portal: 'To the portal',
};
