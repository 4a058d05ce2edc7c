import { createDecipheriv, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { RecordHeader } from './leaf-of-record.ts';

/** One event of the message that a report is about. */
export interface ExposedEvent extends RecordHeader {
  readonly index: number;
  /** How somebody proved who they were, where the record of the event says so. */
  readonly method: string | null;
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
  /** Those that the message's views rest on. */
  readonly signIns: readonly ExposedEvent[];
  /**
   * Whether every event of the message is there, from its sealing on. Where not, the report begins too late, or is about no message of this log: it
   * may leave out what came before.
   */
  readonly isWhole: boolean;
  /** Whether any of them shows or hands out content. Null where that cannot be said: it is not whole, or one is of a type that this verifier does not know. */
  readonly wasShown: boolean | null;
}

const SEALING = 'MessageSealed';
const SIGN_IN = 'RecipientAuthenticated';
const SHOWING = new Set(['MessageViewed', 'AttachmentDownloaded', 'AttachmentViewed']);
const NOT_SHOWING = new Set([SEALING, 'MessageRevoked']);
/** Of one message: more than anybody reads; what comes after these is proven and not named. */
const MAX_SIGN_INS = 1000;

type Fields = Readonly<Record<string, unknown>>;
type Exposing = ExposedEvent & { disclosed: Record<string, unknown> };

/** Gathers from an exposure report what it says of its message. */
export class ExposureReading {
  private readonly events: Exposing[] = [];
  private readonly signIns: Exposing[] = [];
  private last: { readonly event: Exposing; readonly data: Fields } | null = null;

  private readonly messageId: string;
  private readonly from: number;

  constructor(messageId: string, from: number) {
    this.messageId = messageId;
    this.from = from;
  }

  /** @param record null where the leaf stands alone */
  see(index: number, { id, revision, stream, time, type }: RecordHeader, record: string | null): void {
    this.last = null;
    const isOfMessage = stream === `message-${this.messageId}`;
    if (!isOfMessage && (record === null || type !== SIGN_IN || this.signIns.length >= MAX_SIGN_INS)) return;
    const data = record === null ? {} : dataOf(record);
    const method = typeof data['method'] === 'string' ? data['method'] : null;
    const event: Exposing = { index, id, revision, stream, time, type, method, disclosed: {} };
    (isOfMessage ? this.events : this.signIns).push(event);
    if (record !== null) this.last = { event, data };
  }

  /** Of the event that was seen last. */
  disclose({
    index,
    field,
    key,
  }: {
    readonly index?: unknown;
    readonly field?: unknown;
    readonly key?: unknown;
  }): void {
    if (this.last === null || this.last.event.index !== index) return;
    const { event, data } = this.last;
    event.disclosed[String(field)] = opened(String(key), String(data[String(field)]));
  }

  result(to: number): Exposure {
    const { messageId, from, events, signIns } = this;
    const isWhole = events[0]?.type === SEALING && events.every(({ revision }, at) => revision === at);
    const isUnclear = !isWhole || events.some(({ type }) => !SHOWING.has(type) && !NOT_SHOWING.has(type));
    const wasShown = events.some(({ type }) => SHOWING.has(type)) || (isUnclear ? null : false);
    return { messageId, from, to, events, signIns, isWhole, wasShown };
  }
}

function dataOf(record: string): Fields {
  const { data } = JSON.parse(record) as { data?: unknown };
  return typeof data === 'object' && data !== null ? (data as Fields) : {};
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
