import { settings } from './settings.ts';

/** k6 calls this at the end: what it measured goes to a file, and to nobody else. */
export function handleSummary(measured: object): Record<string, string> {
  return { [settings.summaryFile]: JSON.stringify(measured) };
}
