/** A third of a screen, and three of them: beyond, the frame scrolls. */
const MIN_HEIGHT_PIXELS = 240;
const MAX_HEIGHT_PIXELS = 2400;

/** What is looked at for the guess: more than fills the tallest frame, less than delays anyone. */
const LOOKED_AT_CHARACTERS = 32 * 1024;
const EMBEDDED_IMAGE = 'src="data:';

/** A frame without script cannot take the height of what is in it, so it is guessed from how much there is to read. */
export function likelyHeightPixels(html: string): number {
  const beginning = withoutImageBytes(html);
  if (beginning.length >= LOOKED_AT_CHARACTERS) return MAX_HEIGHT_PIXELS;
  const characters = beginning.replace(/<[^>]*>/g, ' ').trim().length;
  const images = beginning.split('<img').length - 1;
  const lines = characters / 70 + beginning.split(/<(?:p|div|tr|li|br|h[1-6])\b/).length;
  return Math.round(Math.max(MIN_HEIGHT_PIXELS, Math.min(MAX_HEIGHT_PIXELS, lines * 24 + images * 180)));
}

/** The beginning of a sanitised body, its embedded images left out: they are megabytes of nothing to read. */
function withoutImageBytes(html: string): string {
  let kept = '';
  let at = 0;
  while (kept.length < LOOKED_AT_CHARACTERS && at >= 0 && at < html.length) {
    const image = html.indexOf(EMBEDDED_IMAGE, at);
    const end = image < 0 ? html.length : image;
    kept += html.slice(at, Math.min(end, at + LOOKED_AT_CHARACTERS));
    at = image < 0 ? html.length : html.indexOf('"', image + EMBEDDED_IMAGE.length);
  }
  return kept;
}
