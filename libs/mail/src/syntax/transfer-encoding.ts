/** UTF-8 as quoted-printable (RFC 2045 §6.7), lines of at most 76 characters, CRLF between lines of the text. */
export function quotedPrintable(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      let encoded = '';
      let column = 0;
      const bytes = Buffer.from(line.toWellFormed());
      bytes.forEach((byte, index) => {
        const isLast = index === bytes.length - 1;
        const isPlain = (byte >= 0x21 && byte <= 0x7e && byte !== 0x3d) || (byte === 0x20 && !isLast);
        const piece = isPlain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
        if (column + piece.length > 75) {
          encoded += '=\r\n';
          column = 0;
        }
        encoded += piece;
        column += piece.length;
      });
      return encoded;
    })
    .join('\r\n');
}

/** UTF-8 as base64 in lines of 76 characters (RFC 2045 §6.8), the text's own lines ending in CRLF. */
export function base64Lines(text: string): string {
  const base64 = Buffer.from(text.toWellFormed().replaceAll('\n', '\r\n')).toString('base64');
  return (base64.match(/.{1,76}/g) ?? []).join('\r\n');
}
