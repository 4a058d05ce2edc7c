/** Finds one kind of thing in the words of a mail. */
export interface ContentDetector {
  /** Names it within a policy and in what is said: `payment-card`, or the operator's expression as written. */
  readonly id: string;
  /**
   * The different things found in one window of text, each as a key that is only compared and never shown: it may be the very
   * secret. Time is linear in the text.
   */
  readonly findIn: (text: string) => Iterable<string>;
}
