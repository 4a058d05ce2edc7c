import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { KeptBounces, KeptCanaryMails, openSmtpRoom, smtpClient } from '../testing/smtp-room.ts';
import { readDialogue, speak } from '../testing/smtp-dialogue.ts';

const directory = join(import.meta.dirname, 'dialogues');
const dialogues = readdirSync(directory)
  .filter((name) => name.endsWith('.smtp'))
  .map((name) => ({ name, dialogue: readDialogue(readFileSync(join(directory, name), 'utf8')) }));

it.each(dialogues)('$name: $dialogue.title', async ({ dialogue }) => {
  const { given } = dialogue;
  const clients = given.get('client') === 'none' ? [smtpClient({ networks: ['192.0.2.1'] })] : [smtpClient()];
  const silence = given.get('silenceSeconds');
  const unquotedDotsAt = given.get('unquotedDotsAt')?.split(' ') ?? [];
  const settings = { clients, unquotedDotsAt, ...(silence !== undefined && { silenceSeconds: Number(silence) }) };
  const bounces = given.has('bounces') ? new KeptBounces() : undefined;
  const canary = given.has('canary') ? new KeptCanaryMails() : undefined;
  const room = await openSmtpRoom(settings, bounces, canary);
  try {
    const expected = Number(given.get('passed') ?? '0');
    await speak(dialogue, room.ports[0] ?? 0);
    expect(room.passing.mails).toHaveLength(expected);
    expect(bounces?.bounces.length ?? 0).toBe(Number(given.get('bounces') ?? '0'));
    expect(canary?.count ?? 0).toBe(Number(given.get('canary') ?? '0'));
    const [mail] = room.passing.mails;
    const to = given.get('to');
    if (to !== undefined) expect(mail?.recipients.join(' ')).toBe(to);
    const content = given.get('content');
    if (content !== undefined) expect(JSON.stringify(mail?.content)).toBe(content);
  } finally {
    await room.close();
  }
});
