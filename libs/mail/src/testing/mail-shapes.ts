import { bodyShapes } from './shapes/body-shapes.ts';
import { brokenShapes } from './shapes/broken-shapes.ts';
import { charsetShapes } from './shapes/charset-shapes.ts';
import { mendedShapes } from './shapes/mended-shapes.ts';
import { structureShapes } from './shapes/structure-shapes.ts';

/** One mail as real mailboxes hold them, made here: the bytes count, down to the line ends. */
export interface MailShape {
  /** kebab-case, unique. */
  readonly name: string;
  readonly bytes: Buffer;
  /** What a reader must find; left out where the shape is so broken that nothing certain can be said. */
  readonly expected: {
    readonly subject?: string;
    /** Must stand in the text view. */
    readonly text?: string;
    /** Must stand in the HTML view, or null where there must be none. */
    readonly html?: string | null;
    /** File names of the attachments, in order. */
    readonly attachments?: readonly string[];
    /** Subjects of the messages within. */
    readonly nested?: readonly string[];
  };
}

/** At least forty shapes; the same bytes every time. For reading, and for sealing and opening byte by byte. */
export function mailShapes(): MailShape[] {
  return [...bodyShapes(), ...structureShapes(), ...charsetShapes(), ...brokenShapes(), ...mendedShapes()];
}
