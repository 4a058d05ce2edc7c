/**
 * How much of a mail is read at all. Going past a limit is no error: the mail is shown as far as it went, with a note, and
 * stays downloadable whole. Sizes in bytes, times in milliseconds.
 */
export interface ReadingLimits {
  /** MIME parts of the whole mail, nested messages included. */
  readonly parts: number;
  /** Multipart levels within one message. */
  readonly depth: number;
  /** Messages within messages; deeper ones are listed as attachments. */
  readonly nestedDepth: number;
  /** Messages shown besides the outermost; further ones are listed as attachments. */
  readonly nestedMessages: number;
  /** Addresses shown of one header field. */
  readonly addresses: number;
  /** Decoded text of one body part; the rest is cut. */
  readonly textBytes: number;
  /** Decoded HTML of one part; beyond it, the part is shown as text. */
  readonly htmlBytes: number;
  /** HTML of all parts together; further ones are shown as text. */
  readonly allHtmlBytes: number;
  /** Start tags of one HTML part. */
  readonly htmlElements: number;
  /** Open elements of one HTML part. */
  readonly htmlDepth: number;
  /** Attributes of one tag. */
  readonly htmlAttributes: number;
  /** Characters of all style sheets of one HTML part; beyond this and the next three, its sheets are left out. */
  readonly sheetBytes: number;
  /** Selectors of all of them. */
  readonly sheetSelectors: number;
  /** Different widths that their media queries ask for. */
  readonly sheetWidths: number;
  /** Steps of holding selectors against elements: what a browser would have to do as well. */
  readonly styleSteps: number;
  /** Different addresses that are listed of one message's links. */
  readonly links: number;
  /** One inline image. */
  readonly imageBytes: number;
  /** All inline images of the whole mail, counted once for every place that shows one. */
  readonly allImageBytes: number;
  /** From a mail in the worker's hands to its structure and text. Processor time; up to three times that on the clock. */
  readonly parseMs: number;
  /** One HTML part in the sanitiser. Processor time, as above. */
  readonly htmlMs: number;
  /** JavaScript heap of one worker, in MiB. */
  readonly heapMiB: number;
  /** Worker threads at most; they start when they are first needed. */
  readonly workers: number;
  /** A worker that has read ends when no mail came for so long, and its memory with what was in it; a fresh one takes its place. */
  readonly idleMs: number;
  /** Mails after which a worker ends in any case. */
  readonly mailsOfWorker: number;
  /** Mails that may wait for a worker; one more is refused with `reading-busy`. */
  readonly queue: number;
}

export const READING_LIMITS: ReadingLimits = {
  parts: 1000, // digests of mailing lists carry hundreds
  depth: 20,
  nestedDepth: 20,
  nestedMessages: 200,
  addresses: 500,
  textBytes: 1024 * 1024,
  htmlBytes: 1024 * 1024,
  allHtmlBytes: 4 * 1024 * 1024,
  htmlElements: 50_000,
  htmlDepth: 256,
  htmlAttributes: 256,
  sheetBytes: 512 * 1024,
  sheetSelectors: 5_000,
  sheetWidths: 10,
  styleSteps: 4_000_000,
  links: 200,
  imageBytes: 2 * 1024 * 1024,
  allImageBytes: 10 * 1024 * 1024,
  parseMs: 10_000,
  htmlMs: 2_000,
  heapMiB: 256,
  workers: 2,
  idleMs: 10_000,
  mailsOfWorker: 100,
  queue: 64,
};
