/** UTF-8 as quoted-printable (RFC 2045 §6.7), lines of at most 76 characters, CRLF between lines of the text. */
export function quotedPrintable(text: string): string {
  return text.toWellFormed().split('\n').map(quotedLine).join('\r\n');
}

/** And a line break of the encoding's own. */
const COLUMNS = 75;
/** What stands for an octet within a line. */
const QUOTED = Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x20 && octet <= 0x7e && octet !== 0x3d
    ? String.fromCharCode(octet)
    : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`,
);

function quotedLine(line: string): string {
  if (line.length <= COLUMNS && /^(?:[ -<>-~]*[!-<>-~])?$/.test(line)) return line;
  let encoded = '';
  let column = 0;
  const octets = Buffer.from(line);
  for (const [index, octet] of octets.entries()) {
    const isSpaceAtEnd = octet === 0x20 && index === octets.length - 1;
    const piece = isSpaceAtEnd ? '=20' : (QUOTED[octet] ?? '');
    if (column + piece.length > COLUMNS) {
      encoded += '=\r\n';
      column = 0;
    }
    encoded += piece;
    column += piece.length;
  }
  return encoded;
}

/** UTF-8 as base64 in lines of 76 characters (RFC 2045 §6.8), the text's own lines ending in CRLF. */
export function base64Lines(text: string): string {
  const base64 = Buffer.from(text.toWellFormed().replaceAll('\n', '\r\n')).toString('base64');
  return (base64.match(/.{1,76}/g) ?? []).join('\r\n');
}
