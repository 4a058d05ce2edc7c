import type { Request } from 'express';
import type { z } from 'zod';
import { AuditRequestRefused } from './audit-request-refused.ts';

/** Many times what the longest question takes. */
const MAX_BODY_BYTES = 64 * 1024;

/** The JSON of a request, as its schema says. Nothing is inflated anywhere. @throws AuditRequestRefused 400, 413, 415 */
export async function bodyOf<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (mediaType !== 'application/json' || encoding !== 'identity')
    throw new AuditRequestRefused(415, null, 'the body is JSON, with Content-Type: application/json and no encoding');
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES)
      throw new AuditRequestRefused(413, null, `a question has ${MAX_BODY_BYTES} bytes at the most`);
    pieces.push(piece);
  }
  return checked(schema, jsonIn(Buffer.concat(pieces)));
}

/** The query of a request, each parameter once. @throws AuditRequestRefused 400 */
export function queryOf<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  const { searchParams } = new URL(request.originalUrl, 'http://localhost');
  for (const name of searchParams.keys()) {
    if (searchParams.getAll(name).length > 1)
      throw new AuditRequestRefused(400, short(name), `${short(name)} stands twice`);
  }
  return checked(schema, Object.fromEntries(searchParams));
}

function jsonIn(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new AuditRequestRefused(400, null, 'the body is not JSON in UTF-8', { cause });
  }
}

function checked<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(given);
  if (success) return data;
  const [issue] = error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].map(String).join('.');
  const words = unknown === undefined ? (issue?.message ?? 'is not what it should be') : 'there is no such field';
  throw new AuditRequestRefused(400, field === '' ? null : short(field), `${short(field) || 'the request'}: ${words}`);
}

function short(name: string): string {
  return name.slice(0, 60);
}
