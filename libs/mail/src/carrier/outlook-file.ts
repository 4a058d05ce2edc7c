import { joinedPieces } from './joined-pieces.ts';
import { MessagePageScanner } from './message-page-scanner.ts';
import { NotACarrier } from './not-a-carrier.ts';

/** [MS-CFB] §2.2: every sector, of 512 bytes or of 4096, begins at a multiple of this. */
const SECTOR_BYTES = 512;
const NOTHING = Buffer.alloc(0);

/**
 * Finds the carrier's page in a `.msg` as Outlook saves it ([MS-OXMSG] in [MS-CFB]), as the file passes. Its tables would have to be
 * read first, and they lie behind what they describe: so the whole file would have to be held. But what is written once lies in its
 * order, with sectors of tables between: these are no text, our page is nothing else. Whatever comes out in another
 * order opens no seal.
 */
export class OutlookFile {
  private readonly scanner: MessagePageScanner;
  private held = NOTHING;

  constructor(maxCiphertextBytes: number) {
    this.scanner = new MessagePageScanner(maxCiphertextBytes);
  }

  /** @throws NotACarrier */
  push(bytes: Buffer): Buffer {
    const all = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes]);
    const whole = all.length - (all.length % SECTOR_BYTES);
    this.held = Buffer.from(all.subarray(whole));
    return this.scanned(all.subarray(0, whole));
  }

  /** @throws NotACarrier when there was no page of ours in it, or not the whole of one */
  end(): Buffer {
    const found = [this.scanned(this.held), this.scanner.end()];
    this.held = NOTHING;
    if (this.scanner.progress !== 'behind') throw new NotACarrier('no-carrier', 'outlook');
    return joinedPieces(found);
  }

  private scanned(sectors: Buffer): Buffer {
    const found: Buffer[] = [];
    let textFrom = 0;
    for (let at = 0; at < sectors.length; at += SECTOR_BYTES) {
      if (isText(sectors.subarray(at, at + SECTOR_BYTES))) continue;
      if (at > textFrom) found.push(this.scanner.push(sectors.subarray(textFrom, at)));
      textFrom = at + SECTOR_BYTES;
    }
    if (sectors.length > textFrom) found.push(this.scanner.push(sectors.subarray(textFrom)));
    return joinedPieces(found);
  }
}

/** Tables are numbers of 32 bits: small ones have zeros in them, and "none" and "end" are written with 0xFF. */
function isText(sector: Buffer): boolean {
  return !sector.includes(0) && !sector.includes(0xff);
}
