import { signNote } from './signed-note.ts';
import type { NoteSigner } from './signed-note.ts';

/** A signed tree head: so many leaves, and what they hash to. */
export interface TreeHead {
  /** Names the log, for ever: see LEDGER.md. */
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** C2SP tlog-checkpoint, without extension lines. */
export function checkpointText({ origin, size, root }: TreeHead): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

export function signCheckpoint(head: TreeHead, signer: Omit<NoteSigner, 'name'>): string {
  const { publicKey } = signer;
  return signNote(checkpointText(head), { name: head.origin, publicKey, sign: (bytes) => signer.sign(bytes) });
}

/** The tree head that a note speaks of. Its signatures are not looked at: see verify/. Null when it is no checkpoint. */
export function readCheckpoint(note: string): TreeHead | null {
  const match = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*\n— /.exec(note);
  if (match === null) return null;
  const [, origin, size, root] = match as unknown as [string, string, string, string];
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') };
}
