const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;

/** Fields that are credentials: given as bytes, never made into a string, and wiped when their request was answered (threats.md, What remains). */
const SECRET_FIELDS: ReadonlySet<string> = new Set(['code']);

/** What a form says: texts by their names, and what is secret as UTF-8 in memory of its own. */
export type FormFields = Record<string, string | Uint8Array>;

export type ReadForm =
  | { readonly fields: FormFields; readonly secrets: readonly Uint8Array[] }
  | { readonly fault: 'too-many-fields' | 'field-twice' };

/** `application/x-www-form-urlencoded` (WHATWG URL, §5.1). The body is wiped: nothing is left of it but the fields. */
export function readFormFields(body: Buffer, maxFields: number): ReadForm {
  const fields = Object.create(null) as FormFields;
  const secrets: Uint8Array[] = [];
  const plain: string[] = [];
  let isTwice = false;
  let count = 0;
  for (let at = 0; at < body.length;) {
    const next = body.indexOf(AMPERSAND, at);
    const pair = body.subarray(at, next < 0 ? body.length : next);
    at += pair.length + 1;
    if (pair.length === 0) continue;
    count += 1;
    const equals = pair.indexOf(EQUALS);
    const name = equals < 0 ? '' : nameIn(pair.subarray(0, equals));
    if (!SECRET_FIELDS.has(name)) {
      plain.push(pair.toString());
      continue;
    }
    isTwice ||= name in fields;
    secrets.push((fields[name] = decoded(pair.subarray(equals + 1))));
  }
  body.fill(0);
  for (const [name, value] of new URLSearchParams(plain.join('&'))) {
    isTwice ||= name in fields;
    fields[name] = value;
  }
  if (!isTwice && count <= maxFields) return { fields, secrets };
  for (const secret of secrets) secret.fill(0);
  return { fault: isTwice ? 'field-twice' : 'too-many-fields' };
}

function nameIn(bytes: Buffer): string {
  const [name = ''] = new URLSearchParams(`${bytes.toString()}=`).keys();
  return name;
}

function decoded(bytes: Buffer): Uint8Array {
  const value = new Uint8Array(new ArrayBuffer(bytes.length)); // not of the pool that small buffers share
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const [high, low] = [hexDigit(bytes[at + 1]), hexDigit(bytes[at + 2])];
    if (byte === PERCENT && high !== null && low !== null) {
      value[length++] = high * 16 + low;
      at += 2;
    } else value[length++] = byte === PLUS ? SPACE : byte;
  }
  return value.subarray(0, length);
}

function hexDigit(byte: number | undefined): number | null {
  if (byte === undefined) return null;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : null;
}
