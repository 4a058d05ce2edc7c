import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DomainError } from '#libs/vocabulary';
import type { CertificateFiles } from './inbound-settings.ts';

/** A certificate or its key cannot be used. The message names the file and says why. */
export class ServerCertificateFault extends DomainError {
  constructor(message: string, options?: ErrorOptions) {
    super('server-certificate-fault', message, options);
  }
}

export interface ServerCertificate {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  readonly endsAt: Date;
}

/** @throws ServerCertificateFault: missing, no certificate, no key, or one that does not belong to the other */
export function readServerCertificate({ certificateFile, privateKeyFile }: CertificateFiles): ServerCertificate {
  const cert = read(certificateFile);
  const key = read(privateKeyFile);
  const certificate = parsed(certificateFile, 'certificate (PEM)', () => new X509Certificate(cert));
  const privateKey = parsed(privateKeyFile, 'private key (PEM)', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new ServerCertificateFault(`${privateKeyFile} is not the key of the certificate in ${certificateFile}`);
  }
  return { cert, key, endsAt: certificate.validToDate };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ServerCertificateFault(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}

function parsed<Part>(path: string, kind: string, parse: () => Part): Part {
  try {
    return parse();
  } catch (cause) {
    throw new ServerCertificateFault(`${path} holds no ${kind}`, { cause });
  }
}

/** 10 s: soon enough for who renews, and no burden. Contents are compared: who mounts secrets swaps links, and times tell little. */
const LOOK_MILLISECONDS = 10_000;

/**
 * Looks whether the files hold another certificate than the last time, and gives it on. One that cannot be used is said once, and
 * the one in use stays.
 */
export function watchServerCertificate(
  files: CertificateFiles,
  inUse: ServerCertificate,
  heard: { renewed(certificate: ServerCertificate): void; faulty(fault: ServerCertificateFault): void },
  everyMilliseconds = LOOK_MILLISECONDS,
): NodeJS.Timeout {
  let known = inUse;
  let said = '';
  const timer = setInterval(() => {
    try {
      const found = readServerCertificate(files);
      said = '';
      if (found.cert === known.cert && found.key === known.key) return;
      known = found;
      heard.renewed(found);
    } catch (error) {
      if (!(error instanceof ServerCertificateFault)) throw error;
      if (said !== error.message) heard.faulty(error);
      said = error.message;
    }
  }, everyMilliseconds);
  timer.unref();
  return timer;
}
