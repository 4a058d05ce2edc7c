import { randomBytes } from 'node:crypto';
import { timesInMemory } from '../../apps/appliance/test/process-memory.ts';
import { startCodeMailbox } from './code-mailbox.ts';
import { inTemporaryDirectory, SENDER, startProduction } from './portal-process.ts';
import type { PortalProcess } from './portal-process.ts';
import { asForm, PortalReader, seal } from './portal-reader.ts';

/*
 * What is left of a message in the memory of the portal after its reader has said that they are done: how often its words and the
 * used code are found in what the process has mapped, at once and 30 s later.
 */

interface Measured {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const WAIT_SECONDS = 30;
const WORDS = 20;
const RECIPIENT = 'anna@example.com';

export async function bench(): Promise<Measured[]> {
  const mailbox = await startCodeMailbox();
  try {
    return await inTemporaryDirectory(async (directory) => {
      const portal = await startProduction(directory, { relayUrl: mailbox.url });
      try {
        return await leftAfterReading(portal, (address) => mailbox.codeTo(address));
      } finally {
        await portal.stop();
      }
    });
  } finally {
    mailbox.close();
  }
}

async function leftAfterReading(
  portal: PortalProcess,
  codeTo: (address: string) => Promise<string>,
): Promise<Measured[]> {
  const word = `quokka${randomBytes(9).toString('hex')}`;
  const text = Array.from({ length: WORDS }, (_, line) => `${word} stands in line ${line}.`).join('\r\n');
  const html = `<html><body><p>${text.replaceAll('\r\n', '</p>\r\n<p>')}</p></body></html>`;
  const mail = `From: ${SENDER}\r\nTo: ${RECIPIENT}\r\nSubject: Hello\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}\r\n`;
  const carrier = await seal(portal, RECIPIENT, Buffer.from(mail));
  let code = '';
  const reader = new PortalReader(portal.port);
  await reader.proveByCode(await reader.handIn(asForm(carrier)), async () => (code = await codeTo(RECIPIENT)));
  const opened = await reader.open(asForm(carrier));
  if (!opened.page.body.includes(word)) throw new Error('the message was not shown');
  await reader.finish(opened);
  const wanted = { word, code, 'code without its space': code.replace(' ', '') };
  const count = () => new Map(Object.entries(wanted).map(([what, text]) => [what, timesInMemory(portal.pid, text)]));
  const atOnce = count();
  await new Promise((resume) => setTimeout(resume, WAIT_SECONDS * 1000));
  const later = count();
  return Object.keys(wanted).map((what) => ({
    name: `memory: ${what === 'word' ? "the message's word" : `the used ${what}`}, ${WAIT_SECONDS} s after`,
    ratio: later.get(what) ?? 0,
    aim: '0',
    detail: `found ${atOnce.get(what) ?? 0} times at once, ${later.get(what) ?? 0} times ${WAIT_SECONDS} s after "I am done"`,
  }));
}
