import { setImmediate as nextTurn } from 'node:timers/promises';
import Handlebars from 'handlebars';

/** 16 Ki characters: a few milliseconds where each of them has to be escaped. */
const CHARACTERS_IN_A_TURN = 16 * 1024;

/** Text that is escaped already, exactly as a template would have done it: a template puts it out as it is. */
export class EscapedText {
  private constructor(private readonly html: string) {}

  /**
   * Escapes text that may be long. A template does it at once, and while it goes through megabytes nobody else is answered: here
   * others have their turn in between. Never rejects.
   */
  static async of(text: string): Promise<EscapedText> {
    let html = '';
    for (let at = 0; at < text.length; at += CHARACTERS_IN_A_TURN) {
      if (at > 0) await nextTurn();
      html += Handlebars.escapeExpression(text.slice(at, at + CHARACTERS_IN_A_TURN));
    }
    return new EscapedText(html);
  }

  /** What Handlebars asks a value for that is not to be escaped again. */
  toHTML(): string {
    return this.html;
  }
}
