import { randomBytes } from 'node:crypto';
import type { HandedOutCarrier } from './submit-mail.ts';

/** An answer that streams: its length is known before it begins. */
export interface CarriersAnswer {
  readonly contentType: string;
  readonly bytes: number;
  readonly content: () => AsyncIterable<Uint8Array>;
}

/** One carrier as it is; several as multipart/mixed, each part naming its recipient and message. */
export function carriersAnswer(carriers: readonly HandedOutCarrier[]): CarriersAnswer {
  const [only] = carriers;
  if (only && carriers.length === 1) return { contentType: 'message/rfc822', bytes: only.bytes, content: only.content };

  const boundary = `=_carriers_${randomBytes(16).toString('hex')}`;
  const heads = carriers.map(({ to, messageId }, index) =>
    Buffer.from(
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: message/rfc822\r\n` +
        `Segl-Recipient: ${to}\r\nSegl-Message: ${messageId}\r\n\r\n`,
    ),
  );
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  async function* content(): AsyncGenerator<Uint8Array> {
    for (const [index, carrier] of carriers.entries()) {
      yield heads[index] ?? end;
      yield* carrier.content();
    }
    yield end;
  }
  const bytes =
    end.length + carriers.reduce((sum, carrier, index) => sum + (heads[index]?.length ?? 0) + carrier.bytes, 0);
  return { contentType: `multipart/mixed; boundary="${boundary}"`, bytes, content };
}
