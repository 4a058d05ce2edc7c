import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestHandler } from 'express';

const TYPES = { 'segl.css': 'text/css; charset=utf-8', 'seal.svg': 'image/svg+xml' } as const;

/** A file of this installation beside ours. */
export interface OwnAsset {
  readonly name: string;
  readonly content: Uint8Array;
  readonly type: string;
}

/** A year, and never asked about again: another content has another address (RFC 8246). */
const CACHE = 'public, max-age=31536000, immutable';

/** The few files that pages need beside themselves, from memory, each at an address made from its content. */
export class Assets {
  private readonly files = new Map<string, { readonly content: Buffer; readonly type: string }>();
  private readonly addresses = new Map<string, string>();

  constructor(own: readonly OwnAsset[] = [], directory = join(import.meta.dirname, 'assets')) {
    const ours = Object.entries(TYPES).map(([name, type]) => ({
      name,
      type,
      content: readFileSync(join(directory, name)),
    }));
    for (const { name, content, type } of [...ours, ...own]) {
      const address = `/assets/${createHash('sha256').update(content).digest('hex').slice(0, 16)}/${name}`;
      this.files.set(address, { content: Buffer.from(content), type });
      this.addresses.set(name, address);
    }
  }

  /** Null when there is no such file. */
  addressOf(name: string): string | null {
    return this.addresses.get(name) ?? null;
  }

  readonly serve: RequestHandler = (request, response, next) => {
    const file = ['GET', 'HEAD'].includes(request.method) ? this.files.get(request.path) : undefined;
    if (file === undefined) return next();
    response.setHeader('Cache-Control', CACHE);
    response.setHeader('Content-Type', file.type);
    response.setHeader('Content-Length', file.content.length);
    response.end(request.method === 'HEAD' ? undefined : file.content);
  };
}
