/** The enhanced status code of a reply (RFC 2034 §4), where it has one of this class; null else: a code that contradicts its reply says nothing. */
export function enhancedStatusOf(reply: string, statusClass: 2 | 4 | 5): string | null {
  const [, found = ''] = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(reply) ?? [];
  return found.startsWith(`${statusClass}.`) ? found : null;
}
