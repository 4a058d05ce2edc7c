import type { FileHandle } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { DomainError } from '#libs/vocabulary';
import type { FileToVerify } from './verify/verify-file-worker.ts';
import type { VerifyReport } from './verify/verify-export.ts';

/** It took more time or memory than a file that is verified beside other work may. */
export class VerificationTooLarge extends DomainError {
  constructor(options?: ErrorOptions) {
    super('verification-too-large', 'the file takes more time or memory to verify than it may here', options);
  }
}

/** A million events take about a minute. */
const MAX_SECONDS = 120;
/** What a file of 256 MiB needs is far below: its lines are read one after the other. */
const MAX_MEMORY_MIB = 512;

/**
 * As verifyExport, of a whole file from its beginning, in a thread of its own.
 * @param file handed over: closed when this is done, however it ends
 * @param keys as vkeys
 * @throws VerificationTooLarge; what reading the file throws
 */
export function verifyFile(file: FileHandle, keys: readonly string[]): Promise<VerifyReport> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(`./verify/verify-file-worker.${extension}`, import.meta.url), {
      workerData: { file, keys } satisfies FileToVerify,
      transferList: [file],
      name: 'verify-file',
      resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MIB },
      execArgv: ['--no-warnings', ...(extension === 'ts' ? ['--conditions=segl-source'] : [])],
    });
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
      void worker.terminate();
    };
    const timer = setTimeout(() => end(() => reject(new VerificationTooLarge())), MAX_SECONDS * 1000);
    worker.on('message', (report: VerifyReport) => end(() => resolve(report)));
    worker.on('error', (cause) =>
      end(() =>
        reject(
          (cause as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? new VerificationTooLarge({ cause })
            : cause,
        ),
      ),
    );
  });
}
