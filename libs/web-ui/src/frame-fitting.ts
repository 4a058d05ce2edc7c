import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const script = readFileSync(join(import.meta.dirname, 'assets', 'fit-frames.mjs'), 'utf8');

/**
 * The one script of this portal, for the page that shows a message: it gives frames the height of what is in them, and keeps the message
 * from coming back by the browser's history. Everything works without. It stands in the page itself, so that the policy names its very text by a digest and no address that scripts could come from.
 */
export const FRAME_FITTING = {
  /** For `script-src`. */
  source: `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  /** What Handlebars asks a value for that it puts out as it is. */
  toHTML: (): string => `<script type="module">${script}</script>`,
} as const;
