/** As the router compares paths: in any case, with or without a slash at the end. Another comparison beside it would treat as a page what it leads to the API. */
function asRouted(path: string): string {
  return path.toLowerCase().replace(/(?<=.)\/$/, '');
}

/** Whether a path leads to one of these. */
export function isAt(path: string, paths: readonly string[]): boolean {
  return paths.includes(asRouted(path));
}

/** Whether a path leads to one of these or below it. `/open` covers `/open/x` and `/Open`, not `/opened`. @param prefixes in lower case, without a slash at the end */
export function isBelow(path: string, prefixes: readonly string[]): boolean {
  const routed = asRouted(path);
  return prefixes.some((prefix) => routed === prefix || routed.startsWith(`${prefix}/`));
}
