/* eslint-disable @typescript-eslint/parameter-properties -- Node runs this file as it stands, in verify-file-worker.ts */
import { createDecipheriv, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { RecordHeader } from './leaf-of-record.ts';

/** One event of the message that a report is about. */
export interface ExposedEvent extends RecordHeader {
  readonly index: number;
  /** Values that the report discloses, by the names of their fields; null for one whose key does not open it. */
  readonly disclosed: Readonly<Record<string, unknown>>;
}

/** What the leaves between two checkpoints say of one message; worth what the report's proof is worth. */
export interface Exposure {
  readonly messageId: string;
  /** The first event looked at, and the first behind the last one. */
  readonly from: number;
  readonly to: number;
  readonly events: readonly ExposedEvent[];
  /** Whether any of them shows or hands out content. Null where one is of a type that this verifier does not know. */
  readonly wasShown: boolean | null;
}

const SHOWING = new Set(['MessageViewed', 'AttachmentDownloaded', 'AttachmentViewed']);
const NOT_SHOWING = new Set(['MessageSealed', 'MessageRevoked']);

/** Gathers from an exposure report what it says of its message. */
export class ExposureReading {
  private readonly events: (ExposedEvent & { disclosed: Record<string, unknown> })[] = [];
  private lastRecord: { readonly index: number; readonly data: Readonly<Record<string, unknown>> } | null = null;

  private readonly messageId: string;
  private readonly from: number;

  constructor(messageId: string, from: number) {
    this.messageId = messageId;
    this.from = from;
  }

  see(index: number, { id, revision, stream, time, type }: RecordHeader, record: string | null): void {
    if (record !== null)
      this.lastRecord = { index, data: (JSON.parse(record) as { data: Record<string, unknown> }).data };
    if (stream === `message-${this.messageId}`)
      this.events.push({ index, id, revision, stream, time, type, disclosed: {} });
  }

  disclose({
    index,
    field,
    key,
  }: {
    readonly index?: unknown;
    readonly field?: unknown;
    readonly key?: unknown;
  }): void {
    const event = this.events.at(-1);
    const { lastRecord } = this;
    if (event === undefined || lastRecord === null || event.index !== index || lastRecord.index !== index) return;
    event.disclosed[String(field)] = opened(String(key), String(lastRecord.data[String(field)]));
  }

  result(to: number): Exposure {
    const { messageId, from, events } = this;
    const isUnclear = events.some(({ type }) => !SHOWING.has(type) && !NOT_SHOWING.has(type));
    const wasShown = events.some(({ type }) => SHOWING.has(type)) || (isUnclear ? null : false);
    return { messageId, from, to, events, wasShown };
  }
}

/**
 * base64url( 0x01 ‖ nonce (12) ‖ commitment (32) ‖ AES-256-GCM ciphertext ‖ tag (16) ), under keys that follow from the disclosure key
 * (LEDGER.md, "Exposure reports"). Null for whatever does not open.
 */
function opened(disclosureKey: string, text: string): unknown {
  const bytes = Buffer.from(text, 'base64url');
  const info = 'segl.personal-data.v1 keys';
  const keys = Buffer.from(hkdfSync('sha256', Buffer.from(disclosureKey, 'base64url'), '', info, 64));
  const commitment = bytes.subarray(13, 45);
  if (bytes.length < 61 || bytes[0] !== 1 || !timingSafeEqual(commitment, keys.subarray(32))) return null;
  const decipher = createDecipheriv('aes-256-gcm', keys.subarray(0, 32), bytes.subarray(1, 13), { authTagLength: 16 });
  decipher.setAAD(Buffer.concat([bytes.subarray(0, 1), commitment]));
  decipher.setAuthTag(bytes.subarray(-16));
  try {
    const json = Buffer.concat([decipher.update(bytes.subarray(45, -16)), decipher.final()]);
    return JSON.parse(json.toString('utf8'));
  } catch {
    return null;
  }
}
