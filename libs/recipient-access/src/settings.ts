/** What the app decides for this room. The class is its own injection token. */
export class RecipientAccessSettings {
  /** Where readers reach the portal: scheme, host and port. */
  readonly publicUrl!: URL;
  /** Seconds that ciphertext waits after the last step. */
  readonly waitingSeconds!: number;
  readonly sessionIdleSeconds!: number;
  readonly sessionMaxSeconds!: number;
  /** Messages decrypted at the same time; others wait in line. */
  readonly openingsAtOnce!: number;
  /** Whether images and PDF files may be looked at in the browser; they can be saved in any case. */
  readonly showsFiles!: boolean;
  /** Events before sign-in recorded for one message and day. */
  readonly openingsRecordedPerDay!: number;
  readonly recordNetworkAddress!: boolean;
  /** Bytes of the largest body that is taken in by POST /open. */
  readonly maxCarrierBytes!: number;
  /** Bytes of all uploads on their way in, what they cost besides included. */
  readonly uploadsMaxBytes!: number;
  /** Seconds without a byte of a body after which the upload is ended. */
  readonly silenceSeconds!: number;
  /** IANA name of the zone in which times are shown. */
  readonly timeZone!: string;
  readonly demonstration!: boolean;
}
