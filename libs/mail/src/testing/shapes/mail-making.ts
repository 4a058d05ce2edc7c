/** A 1×1 picture of each kind that is shown inline, and one that is not. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);
export const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
export const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');

const HEADER = [
  'From: Rie Holm <rie@sender.example>',
  'To: Ask Lund <ask@recipient.example>',
  'Date: Tue, 24 Nov 2026 09:30:00 +0100',
  'Message-ID: <shape@sender.example>',
  'MIME-Version: 1.0',
];

type Piece = string | Buffer;

/** Header lines after the usual five, an empty line, a body; line ends are CRLF but for what is in a Buffer. */
export function mail(fields: readonly string[], ...body: readonly Piece[]): Buffer {
  return bytesOf([...HEADER, ...fields].join('\r\n') + '\r\n\r\n', ...body);
}

/** One part: its own header lines, an empty line, its content. */
export function part(fields: readonly string[], ...content: readonly Piece[]): Buffer {
  return bytesOf(fields.map((field) => `${field}\r\n`).join('') + '\r\n', ...content);
}

/** Parts between delimiters, with preamble and epilogue as old mailers write them. */
export function multipart(boundary: string, ...parts: readonly Buffer[]): Buffer {
  return bytesOf(
    'This is a multi-part message in MIME format.\r\n',
    ...parts.flatMap((each) => [`--${boundary}\r\n`, each, '\r\n']),
    `--${boundary}--\r\n`,
  );
}

export function textPart(text: string, type = 'text/plain; charset=utf-8'): Buffer {
  return part([`Content-Type: ${type}`, 'Content-Transfer-Encoding: 8bit'], text);
}

export function htmlPart(html: string): Buffer {
  return textPart(html, 'text/html; charset=utf-8');
}

/** Base64 in lines of 76. */
export function base64Part(content: Buffer, ...fields: readonly string[]): Buffer {
  return part([...fields, 'Content-Transfer-Encoding: base64'], base64Lines(content));
}

export function base64Lines(content: Buffer, lineEnd = '\r\n'): string {
  return content.toString('base64').replace(/.{76}/g, `$&${lineEnd}`) + lineEnd;
}

export function bytesOf(...pieces: readonly Piece[]): Buffer {
  return Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece)));
}
