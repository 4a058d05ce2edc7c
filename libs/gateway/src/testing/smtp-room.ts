import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InboundSettings, SmtpClient } from '../inbound/inbound-settings.ts';
import { InboundWatch } from '../inbound/inbound-watch.ts';
import { SmtpIntake } from '../inbound/smtp-intake.ts';
import { BounceMailbox } from '../bounce-mailbox.ts';
import { CanaryInbox } from '../canary-inbox.ts';
import { PassOnMail } from '../outgoing-mail.ts';
import type { OutgoingMail, SmtpAnswer, StoredMail } from '../outgoing-mail.ts';

/** A mail as it was given on. */
export interface PassedMail extends Omit<OutgoingMail, 'mail'> {
  readonly content: string;
}

/** Keeps what it is given, and answers what a test wants. */
export class KeptMails extends PassOnMail {
  readonly mails: PassedMail[] = [];
  answer: (mail: PassedMail, signal: AbortSignal) => Promise<SmtpAnswer> = async () => ({
    code: 250,
    enhanced: '2.0.0',
    words: 'passed on',
  });

  async passOn({ mail, ...rest }: OutgoingMail, signal: AbortSignal): Promise<SmtpAnswer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of mail.content()) pieces.push(piece);
    const passed = { ...rest, content: Buffer.concat(pieces).toString('latin1') };
    this.mails.push(passed);
    return this.answer(passed, signal);
  }
}

/** Takes bounces to `b+…@bounces.nordlys.example`. */
export class KeptBounces extends BounceMailbox {
  readonly bounces: { readonly address: string; readonly content: string }[] = [];

  isBounceAddress(address: string): boolean {
    return /^b\+[^@]*@bounces\.nordlys\.example$/.test(address);
  }

  async receive(mail: StoredMail, address: string): Promise<SmtpAnswer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of mail.content()) pieces.push(piece);
    this.bounces.push({ address, content: Buffer.concat(pieces).toString('latin1') });
    return { code: 250, enhanced: '2.0.0', words: 'noted' };
  }
}

/** Takes mail to `canary@canary.nordlys.example`. */
export class KeptCanaryMails extends CanaryInbox {
  count = 0;

  isCanaryAddress(address: string): boolean {
    return address === 'canary@canary.nordlys.example';
  }

  async receive(): Promise<SmtpAnswer> {
    this.count += 1;
    return { code: 250, enhanced: '2.0.0', words: 'thank you' };
  }
}

export class RememberingWatch extends InboundWatch {
  readonly said: string[] = [];
  readonly codes: number[] = [];
  readonly connections: string[] = [];

  countConnection(outcome: string): void {
    this.connections.push(outcome);
  }
  countMail(code: number): void {
    this.codes.push(code);
  }
  say(level: string, words: string, fields: object = {}): void {
    this.said.push(`${level}: ${words} ${JSON.stringify(fields)}`);
  }
}

export interface SmtpRoom {
  readonly intake: SmtpIntake;
  readonly passing: KeptMails;
  readonly watch: RememberingWatch;
  readonly ports: readonly number[];
  close(): Promise<void>;
}

const nobody = { networks: [], passwordHash: null, certificateNames: [], certificateFingerprints: [] };

/** A client that may write as `nordlys.example`; by default every program of this machine. */
export function smtpClient(more: Partial<SmtpClient> = { networks: ['127.0.0.1'] }): SmtpClient {
  return { ...nobody, clientId: 'exchange', senders: ['@nordlys.example'], ...more };
}

/** SMTP in on loopback, with small bounds, and nothing behind it but a list. */
export async function openSmtpRoom(
  more: Partial<InboundSettings> = {},
  bounces?: BounceMailbox,
  canary?: CanaryInbox,
): Promise<SmtpRoom> {
  const directory = await mkdtemp(join(tmpdir(), 'segl-smtp-'));
  const settings: InboundSettings = {
    name: 'gateway.nordlys.example',
    host: '127.0.0.1',
    port: 0,
    tlsPort: null,
    certificate: null,
    clientAuthorities: [],
    requiresTls: false,
    clients: [smtpClient()],
    unquotedDotsAt: [],
    maxMailBytes: 600_000,
    maxRecipients: 3,
    connections: 20,
    connectionsPerNetwork: 20,
    mailsMaxBytes: 1_500_000,
    silenceSeconds: 60,
    directory,
    ...more,
  };
  const passing = new KeptMails();
  const watch = new RememberingWatch();
  const intake = new SmtpIntake(settings, passing, watch, bounces, undefined, canary);
  await intake.listen().catch(async (error: unknown) => {
    await rm(directory, { recursive: true });
    throw error;
  });
  const close = async () => {
    await intake.stop();
    await rm(directory, { recursive: true });
  };
  return { intake, passing, watch, ports: intake.ports, close };
}
