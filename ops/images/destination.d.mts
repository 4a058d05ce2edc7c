export function destinationIn(
  argv: readonly string[],
): { readonly reference: string; readonly repository: string | null } | null;
