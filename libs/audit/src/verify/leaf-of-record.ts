import { createHash } from 'node:crypto';

/** What the record of an event says about itself, as far as the ledger knows it. */
export interface RecordHeader {
  readonly id: string;
  readonly revision: number;
  readonly stream: string;
  readonly time: string;
  readonly type: string;
}

export interface LeafOfRecord extends RecordHeader {
  readonly leaf: Buffer;
}

/** The leaf that the stored bytes of an event give; null when they are no record. */
export function leafOfRecord(record: string): LeafOfRecord | null {
  const header = headerOf(record);
  if (header === null) return null;
  const recordSha256 = createHash('sha256').update(record, 'utf8').digest('hex');
  const { id, revision, stream, time, type } = header;
  return { ...header, leaf: Buffer.from(JSON.stringify({ id, recordSha256, revision, stream, time, type })) };
}

/** The header that stands in a leaf itself; null when it is none. */
export function headerOfLeaf(leaf: string): RecordHeader | null {
  return headerOf(leaf);
}

function headerOf(text: string): RecordHeader | null {
  let value: Partial<RecordHeader> | null;
  try {
    value = JSON.parse(text) as Partial<RecordHeader> | null;
  } catch {
    return null;
  }
  const isHeader =
    typeof value?.id === 'string' &&
    typeof value.stream === 'string' &&
    typeof value.type === 'string' &&
    typeof value.time === 'string' &&
    Number.isSafeInteger(value.revision);
  return isHeader ? (value as RecordHeader) : null;
}
