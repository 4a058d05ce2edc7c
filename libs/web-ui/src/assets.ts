import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestHandler } from 'express';

const TYPES = { 'segl.css': 'text/css; charset=utf-8', 'seal.svg': 'image/svg+xml' } as const;
type AssetName = keyof typeof TYPES;

/** A year, and never asked about again: another content has another address (RFC 8246). */
const CACHE = 'public, max-age=31536000, immutable';

/** The few files that pages need beside themselves, from memory, each at an address made from its content. */
export class Assets {
  private readonly files = new Map<string, { readonly content: Buffer; readonly type: string }>();
  private readonly addresses = new Map<AssetName, string>();

  constructor(directory = join(import.meta.dirname, 'assets')) {
    for (const name of Object.keys(TYPES) as AssetName[]) {
      const content = readFileSync(join(directory, name));
      const address = `/assets/${createHash('sha256').update(content).digest('hex').slice(0, 16)}/${name}`;
      this.files.set(address, { content, type: TYPES[name] });
      this.addresses.set(name, address);
    }
  }

  addressOf(name: AssetName): string {
    return this.addresses.get(name) ?? '';
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
