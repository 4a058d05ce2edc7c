/** A few lines for somebody who has never seen this. */
export function greetNewcomer(publicUrl: URL): string {
  const mailbox = new URL('/demo/mailbox', publicUrl).href;
  const console = new URL('/console', publicUrl).href;
  return [
    '',
    'Segl is running as a demonstration. Nothing leaves this machine; stop it with Ctrl+C.',
    '',
    `  1. Open the recipient's mailbox:  ${mailbox}`,
    '  2. Open the newest mail, then its attachment message.html, and press its button.',
    '  3. Ask for a code; it arrives in the same mailbox. Enter it, and read the message.',
    `  4. See what the record holds of it, as a compliance officer:  ${console}`,
    '',
    '',
  ].join('\n');
}
