import canonicalize from 'canonicalize';

/** Deeper data is a mistake, and readers that parse by recursion must survive it. */
const MAX_NESTING = 64;
/** Names whose place among the members of an object the engine decides: those like array indices. And the one that is no member when it is set. */
const PLACED_BY_ENGINE = /^(?:\d|__proto__$)/;

interface RecordFields {
  readonly data: object;
  readonly id: string;
  readonly revision: number;
  readonly stream: string;
  readonly time: string;
  readonly type: string;
  /** Left out when undefined. */
  readonly version: number | undefined;
}

/**
 * RFC 8785 (JCS) of a record. `JSON.stringify` writes numbers and well-formed strings as JCS does (§3.2.2) and members in the order in
 * which they were set: of a copy that has them in JCS's order (§3.2.3) it makes the canonical text, in a third of the time that `canonicalize` takes,
 * which does it where an order cannot be set.
 *
 * @throws TypeError when `data` has something that JSON cannot hold without loss
 */
export function canonicalRecord({ data, id, revision, stream, time, type, version }: RecordFields): string {
  const copy = new OrderedCopy();
  const ordered = copy.of(data, `${type}.data`);
  if (copy.isOrdered) return JSON.stringify({ data: ordered, id, revision, stream, time, type, version });
  const text = canonicalize({ data, id, revision, stream, time, type, version });
  if (text === undefined) throw new TypeError(`${type}: data has no JSON form`);
  return text;
}

/** Looks at everything once, on the way: whatever calls toJSON, drops functions or turns holes into null has no need of that here. */
class OrderedCopy {
  /** Whether the copy's members are in the order of their names' UTF-16 code units, all the way down. */
  isOrdered = true;
  private readonly ancestors: object[] = [];

  of(value: unknown, path: string): unknown {
    switch (typeof value) {
      case 'boolean':
        return value;
      case 'string':
        if (!value.isWellFormed()) throw new TypeError(`${path}: a lone surrogate has no UTF-8`);
        return value;
      case 'number':
        requireLosslessNumber(value, path);
        return value;
      case 'object':
        return value === null ? null : this.ofContainer(value, path);
      default:
        throw new TypeError(`${path}: a ${typeof value} is not JSON`);
    }
  }

  private ofContainer(value: object, path: string): object {
    if (this.ancestors.includes(value)) throw new TypeError(`${path}: refers to itself`);
    if (this.ancestors.length >= MAX_NESTING) throw new TypeError(`${path}: nested deeper than ${MAX_NESTING} levels`);
    this.ancestors.push(value);
    const copy = Array.isArray(value) ? this.ofList(value, path) : this.ofObject(value, path);
    this.ancestors.pop();
    return copy;
  }

  private ofList(list: readonly unknown[], path: string): unknown[] {
    const copy: unknown[] = [];
    for (let index = 0; index < list.length; index++) copy.push(this.of(list[index], `${path}[${index}]`));
    return copy;
  }

  private ofObject(value: object, path: string): object {
    // A plain object of any realm: its prototype is null or has none above it. Dates, maps, buffers and class instances have.
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw new TypeError(`${path}: a ${value.constructor?.name ?? 'class instance'} is not plain data`);
    }
    const copy: { [name: string]: unknown } = {};
    for (const name of Object.keys(value).sort()) {
      if (!name.isWellFormed()) throw new TypeError(`${path}: a name with a lone surrogate has no UTF-8`);
      if (PLACED_BY_ENGINE.test(name)) this.isOrdered = false;
      const member = (value as { [name: string]: unknown })[name];
      if (member !== undefined) copy[name] = this.of(member, `${path}.${name}`);
    }
    return copy;
  }
}

function requireLosslessNumber(value: number, path: string): void {
  if (!Number.isFinite(value)) throw new TypeError(`${path}: ${value} is not JSON`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new TypeError(`${path}: an integer past 2^53; keep it as a string`);
  }
  if (Object.is(value, -0)) throw new TypeError(`${path}: -0 would be read back as 0`);
}
