const NOTHING = Buffer.alloc(0);

/**
 * Pieces one behind the other. What was put together is given back at once, where a piece had memory of its own, and not at some garbage
 * collection: ciphertext passes here piece by piece, and twice its size would lie about until then. Nobody may use the pieces again.
 */
export function joinedPieces(pieces: readonly Buffer[]): Buffer {
  const filled = pieces.filter((piece) => piece.length > 0);
  if (filled.length < 2) return filled[0] ?? NOTHING;
  const all = Buffer.allocUnsafeSlow(filled.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of filled) {
    all.set(piece, at);
    at += piece.length;
    giveBack(piece);
  }
  return all;
}

/** What shares its memory with others stays. */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (byteLength === buffer.byteLength && 'transfer' in buffer) buffer.transfer(0);
}
