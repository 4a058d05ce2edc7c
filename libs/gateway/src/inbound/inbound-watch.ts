/** What operators get to see of SMTP in: counts, and sentences for the log. Nothing that names a person, a mail or a password. */
export abstract class InboundWatch {
  /** @param outcome a word of our own: `taken`, or why it was refused */
  abstract countConnection(outcome: 'taken' | 'too-many' | 'too-many-of-network' | 'not-a-client' | 'tls-failed'): void;
  /** @param code what the sender was answered after its data; 0: it was gone before */
  abstract countMail(code: number): void;
  /** @param level how much it matters; `fields` are codes, counts and client ids alone */
  abstract say(level: 'info' | 'warn', words: string, fields?: Readonly<Record<string, string | number>>): void;
}
