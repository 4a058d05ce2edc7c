/** What stands around every page. */
export const page = {
  skipToContent: 'Skip to the content',
  language: 'Language',
  privacy: 'Privacy: what is kept, and what never is',
  sealedBy: 'Sealed mail from {organisation}',
  portal: 'Sealed mail',
  demonstration: 'Demonstration: nothing here is real, and no mail leaves this machine.',
  demonstrationMailbox: 'The recipient’s mailbox (new tab)',
  footer: 'This portal keeps no mail.',
};
