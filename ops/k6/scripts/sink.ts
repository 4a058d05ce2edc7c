import http from 'k6/http';
import { settings } from './settings.ts';

/** @param what `code?to=anna@example.com` waits for the code that comes there; `token?for=seal`, `token?for=audit` */
export function askSink(what: string): string {
  const { status, body } = http.get(`${settings.sink}/${what}`, { tags: { journey: 'sink', name: 'sink' } });
  if (status !== 200) throw new Error(`the sink answered ${status} to ${what}`);
  return String(body);
}
