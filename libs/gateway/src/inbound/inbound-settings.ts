import type { UnquotedDotsAt } from '#libs/vocabulary';

/** A mail server or program that may hand mail in, by any one of its ways to be known. */
export interface SmtpClient {
  /** Stands in events, and is the user name of its login; never secret, never an address. */
  readonly clientId: string;
  /** Addresses and networks (CIDR) that it connects from. */
  readonly networks: readonly string[];
  /** Argon2 in its encoded form, `$argon2id$…`. */
  readonly passwordHash: string | null;
  /** DNS names of certificates that one of the client authorities issued (subjectAltName, or the common name where it has none). */
  readonly certificateNames: readonly string[];
  /** SHA-256 of certificates, in hex without colons; these need no authority. */
  readonly certificateFingerprints: readonly string[];
  /** Whom it may write as: an address, or every address of a domain (`@example.com`, its subdomains not). */
  readonly senders: readonly string[];
}

export interface CertificateFiles {
  /** PEM: the server's own certificate first, then those between it and its authority. */
  readonly certificateFile: string;
  /** PEM. */
  readonly privateKeyFile: string;
}

/** What the app decides for SMTP in. The class is its own injection token. */
export class InboundSettings {
  /** What the server calls itself in its greeting (RFC 5321 §4.1.1.1). */
  readonly name!: string;
  readonly host!: string;
  /** Begins in clear, and goes on under STARTTLS where there is a certificate. 0: any that is free. Null: not listened on. */
  readonly port!: number | null;
  /** TLS from the first byte (RFC 8314 §3.3). Null: not listened on. */
  readonly tlsPort!: number | null;
  /** Null: no TLS, which is for loopback, or a network that the operator answers for. */
  readonly certificate!: CertificateFiles | null;
  /** How often the files are looked at for another certificate. Default: 10 s. */
  readonly certificateLookMilliseconds?: number;
  /** PEM, each; who may issue clients' certificates. */
  readonly clientAuthorities!: readonly string[];
  /** Whether a mail is taken under TLS only. */
  readonly requiresTls!: boolean;
  readonly clients!: readonly SmtpClient[];
  /** Where the commands may name mailboxes with dots that need quotes, and have none. */
  readonly unquotedDotsAt!: UnquotedDotsAt;
  readonly maxMailBytes!: number;
  /** RFC 5321 §4.5.3.1.8 wants 100 at least. */
  readonly maxRecipients!: number;
  readonly connections!: number;
  /** Of one IPv4 address, or one /64 of IPv6. */
  readonly connectionsPerNetwork!: number;
  /** Bytes of all mails that are under way, in memory and on the disk. */
  readonly mailsMaxBytes!: number;
  /** Seconds that a client has for its next command, and between two pieces of a mail. */
  readonly silenceSeconds!: number;
  /** Where mails lie that are too large for memory: enciphered, without a name. Made where it is missing. */
  readonly directory!: string;
}
