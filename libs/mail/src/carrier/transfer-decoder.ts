import { Base64UrlDecoder } from './base64url-decoder.ts';

/** The body of a part as its text, whatever a gateway encoded it as on the way. Text in and out is latin1. */
export interface TransferDecoder {
  push(piece: string): string;
  end(): string;
}

/** @param encoding the value of Content-Transfer-Encoding; an unknown one is taken as none */
export function transferDecoder(encoding: string): TransferDecoder {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return new Base64Text();
    case 'quoted-printable':
      return new QuotedPrintableText();
    default:
      return { push: (piece) => piece, end: () => '' };
  }
}

class Base64Text implements TransferDecoder {
  private readonly decoder = new Base64UrlDecoder(Infinity);

  /** @throws NotACarrier damaged */
  push(piece: string): string {
    return this.decoder.update(piece).toString('latin1');
  }

  end(): string {
    return this.decoder.finish().toString('latin1');
  }
}

class QuotedPrintableText implements TransferDecoder {
  private held = '';

  push(piece: string): string {
    let text = this.held + piece;
    this.held = '';
    // What may be half of an escape, or of a soft line break with the white space that some add before it.
    const open = text.lastIndexOf('=');
    if (open >= 0 && text.length - open < 100 && /^=(?:[0-9A-Fa-f]?|[ \t]*\r?)$/.test(text.slice(open))) {
      this.held = text.slice(open);
      text = text.slice(0, open);
    }
    return decoded(text);
  }

  end(): string {
    return decoded(this.held);
  }
}

function decoded(text: string): string {
  if (!text.includes('=')) return text;
  return text
    .replace(/=[ \t]*\r?\n/g, '')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
