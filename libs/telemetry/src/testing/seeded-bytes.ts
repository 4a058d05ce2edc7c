import { createHash } from 'node:crypto';

/** The same bytes each time: a test of chance must not fail by chance. */
export function seededBytes(seed: string): (count: number) => Uint8Array {
  let at = 0;
  let stock = Buffer.alloc(0);
  return (count) => {
    while (stock.length < count) {
      stock = Buffer.concat([stock, createHash('sha512').update(`${seed} ${at++}`).digest()]);
    }
    const given = stock.subarray(0, count);
    stock = stock.subarray(count);
    return given;
  };
}
