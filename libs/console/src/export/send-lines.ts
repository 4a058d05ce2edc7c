import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { AuditApiBusy } from '#libs/audit-api';
import { downloadHeaders } from '#libs/web-ui';

const AT_ONCE = 2;
const CONTENT_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8; header=present' } as const;

/** Gives a few exports at once to those who download them, at the pace at which they take them. */
@Injectable()
export class SendLines {
  private running = 0;

  /** @param makeLines first records who takes them away. @throws AuditApiBusy before anything is recorded */
  async send(
    response: Response,
    { name, form }: { readonly name: string; readonly form: keyof typeof CONTENT_TYPES },
    makeLines: () => Promise<AsyncIterable<string>>,
  ): Promise<void> {
    if (this.running >= AT_ONCE) throw new AuditApiBusy(`${AT_ONCE} exports are under way already`);
    this.running++;
    try {
      const lines = await makeLines();
      response.status(200).type(CONTENT_TYPES[form]);
      downloadHeaders(response);
      response.setHeader('Cache-Control', 'no-store');
      response.setHeader('Content-Disposition', `attachment; filename="${name}.${form}"`);
      await pipeline(Readable.from(lines, { objectMode: false }), response).catch((error: unknown) => {
        if (!response.headersSent) throw error;
        response.destroy(); // half an export must not look like a whole one; its last line is missing as well
      });
    } finally {
      this.running--;
    }
  }
}
