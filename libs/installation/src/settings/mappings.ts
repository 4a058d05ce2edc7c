/** Settings before they are checked: mappings of mappings, as YAML has them. */
export type Mapping = Record<string, unknown>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands above wins; mappings are merged, all else is replaced. */
export function mergeDeep(below: Mapping, above: Mapping): Mapping {
  const merged: Mapping = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const under = merged[name];
    merged[name] = isMapping(under) && isMapping(value) ? mergeDeep(under, value) : value;
  }
  return merged;
}

/** @param path steps joined by dots */
export function setPath(target: Mapping, path: string, value: unknown): void {
  const [first = '', ...rest] = path.split('.');
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = target[first];
  const branch = isMapping(inner) ? inner : {};
  target[first] = branch;
  setPath(branch, rest.join('.'), value);
}

/** As if what is undefined had never been written. */
export function withoutUndefined(mapping: Mapping): Mapping {
  return Object.fromEntries(
    Object.entries(mapping)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, isMapping(value) ? withoutUndefined(value) : value]),
  );
}

/** Paths, their steps joined by dots, of what `one` has and `other` has not. */
export function pathsOnlyIn(one: Mapping, other: Mapping): string[] {
  return Object.entries(one).flatMap(([name, value]) => {
    const beside = other[name];
    if (isMapping(value)) return pathsOnlyIn(value, isMapping(beside) ? beside : {}).map((path) => `${name}.${path}`);
    return beside === undefined ? [name] : [];
  });
}
