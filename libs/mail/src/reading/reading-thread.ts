import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { TrustedAuthorities } from './envelopes/smime-trust.ts';
import type { MailOutline } from './outline/mail-outline.ts';
import { outlineMail } from './outline/outline-mail.ts';
import { inertPdf } from './inert-pdf.ts';
import { readAttachments, readMail } from './read-mail.ts';
import type { ReadableMail } from './readable-mail.ts';
import type { ReadingLimits } from './reading-limits.ts';

/** What every mail of a thread is read with. */
export interface ReadingThreadData {
  readonly authorities: TrustedAuthorities;
}

/** The thread in which mails are taken apart: one mail at a time, nothing kept between two. See `MailReader`. */
export type ReadingJob =
  | { readonly kind: 'read'; readonly mail: Uint8Array; readonly limits: ReadingLimits }
  | { readonly kind: 'outline'; readonly mail: Uint8Array; readonly limits: ReadingLimits }
  | {
      readonly kind: 'attachments';
      readonly mail: Uint8Array;
      readonly limits: ReadingLimits;
      readonly indexes: readonly number[];
    }
  /** `mail` is a PDF file that was cut from one. */
  | { readonly kind: 'inert-pdf'; readonly mail: Uint8Array; readonly limits: ReadingLimits };

/** Null where there is no such part. */
type FoundContent = { readonly filename: string; readonly content: Uint8Array<ArrayBuffer> } | null;

export type ReadingReport = ReadingStep & {
  /** Processor time of the thread so far, in milliseconds. */
  readonly usedMs: number;
};

type ReadingStep =
  | { readonly kind: 'ready' }
  | { readonly kind: 'parsed'; readonly mail: ReadableMail }
  | { readonly kind: 'sanitising' }
  | { readonly kind: 'read'; readonly mail: ReadableMail }
  | { readonly kind: 'attachments'; readonly found: readonly FoundContent[] }
  | { readonly kind: 'outlined'; readonly outline: MailOutline }
  | { readonly kind: 'inert-pdf'; readonly content: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'failed' };

function serve(port: MessagePort): void {
  const report = (step: ReadingStep, transfer: ArrayBuffer[] = []): void => {
    const { user, system } = process.threadCpuUsage();
    port.postMessage({ ...step, usedMs: (user + system) / 1000 } satisfies ReadingReport, transfer);
  };
  const handle = async (job: ReadingJob): Promise<void> => {
    const bytes = Buffer.from(job.mail.buffer, job.mail.byteOffset, job.mail.byteLength);
    try {
      if (job.kind === 'read') {
        const progress = {
          parsed: (parsed: ReadableMail) => report({ kind: 'parsed', mail: parsed }),
          sanitising: () => report({ kind: 'sanitising' }),
        };
        const mail = readMail(bytes, job.limits, progress, (workerData as ReadingThreadData).authorities);
        report({ kind: 'read', mail });
      } else if (job.kind === 'outline') {
        report({ kind: 'outlined', outline: outlineMail(bytes, job.limits) });
      } else if (job.kind === 'inert-pdf') {
        const content = await inertPdf(bytes);
        report({ kind: 'inert-pdf', content }, [content.buffer]);
      } else {
        const found = readAttachments(bytes, job.indexes, job.limits).map(
          // of its own: what was cut from the mail must not take the mail along
          (each) => each && { filename: each.filename, content: Uint8Array.from(each.content) },
        );
        report(
          { kind: 'attachments', found },
          found.flatMap((each) => (each ? [each.content.buffer] : [])),
        );
      }
    } catch {
      report({ kind: 'failed' }); // never with the reason: it may quote the mail
    } finally {
      bytes.fill(0); // the plaintext goes now, not when memory is collected
      (bytes.buffer as ArrayBuffer).transfer(0); // and the memory: beside the next mail there is room for that one alone
    }
  };
  port.on('message', (job: ReadingJob) => void handle(job));
  report({ kind: 'ready' });
}

if (parentPort) serve(parentPort);
