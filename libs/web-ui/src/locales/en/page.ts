/** What stands around every page. */
export const page = {
  skipToContent: 'Skip to the content',
  language: 'Language',
  privacy: 'Privacy',
  sealedBy: 'Sealed mail from {organisation}',
  portal: 'Sealed mail',
  demonstration: 'This is a demonstration: nothing here is real, and no mail leaves this machine.',
  footer: 'This portal keeps no mail. What it does keep is told on the privacy page.',
};
