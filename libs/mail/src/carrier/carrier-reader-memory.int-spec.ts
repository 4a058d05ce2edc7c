import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const here = (file: string) => pathToFileURL(join(import.meta.dirname, file)).href;

/** Bytes that reading leaves to the collector for each byte read, in a process whose young generation is too large to be collected meanwhile. */
function leftBehind(module: string, reader: string, body: string): number {
  const script = `
    const { ${reader} } = await import('${here(module)}');
    const field = ('age-encryption.org/v1'.repeat(60) + '\\n').repeat(1600);
    const text = Buffer.from(field).toString('base64url').replace(/.{988}/g, '$&\\r\\n');
    const body = Buffer.from(${body});
    const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    const read = () => {
      const reader = new ${reader}();
      let bytes = 0;
      for (let at = 0; at < body.length; at += 65_536) {
        const piece = reader.push(body.subarray(at, at + 65_536));
        bytes += piece.length;
        if (piece.length === piece.buffer.byteLength) piece.buffer.transfer(0); // as the portal lets it go
      }
      return bytes + reader.end().length;
    };
    read(); // compiled from here on
    const before = used();
    const bytes = read();
    console.log(bytes === field.length ? Math.abs(used() - before) / body.length : NaN);`;
  const args = [
    ...['--disable-warning=ExperimentalWarning', '--conditions=segl-source', '--min-semi-space-size=64'],
    ...['--max-semi-space-size=64', '--input-type=module', '--eval', script],
  ];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8', cwd: import.meta.dirname }));
}

it.each([
  ['a posted field', 'urlencoded-field-reader.ts', 'UrlencodedFieldReader', "'m=' + encodeURIComponent(text)"],
  ['a page', 'carrier-reader.ts', 'CarrierReader', `'<html><meta name="segl"><input name="m" value="' + text + '">'`],
  [
    'a mail',
    'carrier-reader.ts',
    'CarrierReader',
    `'A: b\\r\\n\\r\\n<meta name="segl"><input name="m" value="' + text + '">'`,
  ],
])('%s is read without leaving its size behind', (_what, module, reader, body) => {
  expect(leftBehind(`./${module}`, reader, body)).toBeLessThan(0.3); // 2.6 to 4, were each piece a string once; 0.8, were pieces of a mail put together and left
});
