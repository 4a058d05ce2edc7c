import { Unzip, UnzipInflate } from 'fflate';
import { joinedPieces } from './joined-pieces.ts';
import { NotACarrier } from './not-a-carrier.ts';

/** What ciphertext in base64url shrinks by is a quarter; what grows eightfold was made to fill memory. */
const MAX_GROWTH = 8;
const ALLOWANCE_BYTES = 64 * 1024;
/** Inflated at a time: a thousandfold, the most there is, is a megabyte then, and what grows so is ended there (threats.md A40). */
const SLICE_BYTES = 1024;
const MAX_FILES = 100;
const CARRIER_NAME = /\.(?:html?|eml)$/i;

/** What reads the file within. */
interface Reader {
  push(bytes: Uint8Array): Buffer;
  end(): Buffer;
}

/** Reads the first page or mail of a zip as the zip passes. Whatever it claims, no more comes of it than eight times its bytes. */
export class ZippedCarrier {
  private readonly unzip: Unzip;
  private readonly found: Buffer[] = [];
  private fault: Error | null = null;
  private bytesIn = 0;
  private bytesOut = 0;
  /** What may come of the slice that is being inflated. */
  private leftOfSlice = 0;
  private files = 0;
  private isBegun = false;
  private isWhole = false;

  constructor(reader: () => Reader) {
    this.unzip = new Unzip((file) => {
      if (++this.files > MAX_FILES) throw new NotACarrier('no-carrier', 'zip');
      if (this.isBegun || !CARRIER_NAME.test(file.name)) return;
      this.isBegun = true;
      const inside = reader();
      file.ondata = (error, data, isLast) => {
        if (this.fault !== null) return;
        try {
          if (error) throw error;
          this.bytesOut += data.length;
          this.leftOfSlice -= data.length;
          const isTooMuch = this.bytesOut > MAX_GROWTH * this.bytesIn + ALLOWANCE_BYTES;
          if (isTooMuch || this.leftOfSlice < 0) throw new NotACarrier('no-carrier', 'zip');
          this.found.push(inside.push(data));
          if (isLast) {
            this.found.push(inside.end());
            this.isWhole = true;
          }
        } catch (fault) {
          this.fault = fault instanceof NotACarrier ? fault : new NotACarrier('no-carrier', 'zip');
          throw this.fault; // ends the inflating as well
        }
      };
      file.start();
    });
    this.unzip.register(UnzipInflate);
  }

  /** @throws NotACarrier */
  push(bytes: Buffer): Buffer {
    if (this.isWhole) return Buffer.alloc(0);
    return this.through(() => {
      for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
        const slice = Uint8Array.from(bytes.subarray(at, at + SLICE_BYTES));
        this.bytesIn += slice.length;
        this.leftOfSlice = MAX_GROWTH * slice.length + ALLOWANCE_BYTES;
        this.unzip.push(slice);
      }
    });
  }

  /** @throws NotACarrier when there was no carrier in it, or not the whole of one */
  end(): Buffer {
    const last = this.isWhole ? Buffer.alloc(0) : this.through(() => this.unzip.push(new Uint8Array(0), true));
    if (!this.isWhole) throw new NotACarrier(this.isBegun ? 'cut-short' : 'no-carrier', 'zip');
    return last;
  }

  private through(step: () => void): Buffer {
    try {
      step();
    } catch (error) {
      this.fault ??= error instanceof NotACarrier ? error : new NotACarrier('no-carrier', 'zip');
    }
    if (this.fault !== null) throw this.fault;
    return joinedPieces(this.found.splice(0));
  }
}
