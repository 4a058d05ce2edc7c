import { Controller, Get, Global, Module, Post, Res } from '@nestjs/common';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import type { Response } from 'express';
import { EphemeralStore, MemoryEphemeralStore } from '#libs/ephemeral-store';
import { EventStore } from '#libs/event-store';
import type { RecordedEvent } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import { PersonDirectory } from '#libs/keyring';
import type { Person } from '#libs/keyring';
import { temporaryKeyring, temporaryPersonDirectory } from '#libs/keyring/testing';
import { MailRelay, SmtpRelay } from '#libs/mail';
import { startSmtpSink } from '#libs/mail/testing';
import { Clock, FixedClock, parseMailAddress } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { BrowserSession, RequestLocale, RequestNetwork, ViewEngine } from '#libs/web-ui';
import type { Locale, Browser, ClientNetwork } from '#libs/web-ui';
import { openTestPortal } from '#libs/web-ui/testing';
import type { TestBrowser, TestPage, TestPortal } from '#libs/web-ui/testing';
import { Challenges } from '../challenges.ts';
import type { BeginChallenge, Challenge } from '../challenges.ts';
import { PASSCODE_ERRORS } from '../error-pages.ts';
import { IssueOtp } from '../issue-otp-command.ts';
import { parseOneTimeCode } from '../one-time-code.ts';
import type { OneTimeCode } from '../one-time-code.ts';
import { passcodeStream } from '../passcode.ts';
import type { ChallengeId, PasscodeEvent } from '../passcode.ts';
import { PasscodeModule } from '../passcode.module.ts';
import { PasscodeSettings } from '../settings.ts';

export const anna = parseMailAddress("anna.o'berg+post@example.com");
export const start = '2026-11-25T10:03:00.000Z' as Instant;

export interface ReceivedCodeMail {
  readonly mailFrom: string;
  readonly rcptTo: readonly string[];
  readonly content: Buffer;
}

/** The room as it runs: real stores and files, real argon2, mail over a real socket, pages over a real port. */
export interface PasscodeRoom {
  readonly store: TemporarySqlite['store'];
  readonly ephemeral: MemoryEphemeralStore;
  readonly directory: string;
  readonly challenges: Challenges;
  readonly commands: CommandBus;
  readonly portal: TestPortal;
  readonly person: Person;
  readonly persons: PersonDirectory;
  readonly mails: readonly ReceivedCodeMail[];
  /** What the sink answers from now on, instead of taking the mail. */
  refuseWith(replyCode: number | null): void;
  /** Moves wall time and the ephemeral store's time alike. */
  elapse(seconds: number): void;
  /** A challenge begun without a browser, its first code issued and mailed. */
  begin(browserId: string, network?: string, wish?: Partial<BeginChallenge>): Promise<ChallengeId>;
  challenge(challengeId: ChallengeId): Promise<Challenge>;
  /** The code in the newest mail, once `count` mails have come. */
  codeInMail(count: number): Promise<string>;
  events(): Promise<RecordedEvent<PasscodeEvent>[]>;
  close(): Promise<void>;
}

/** Stands for the room that wants an address proven. */
@Controller()
class WishController {
  constructor(
    private readonly challenges: Challenges,
    private readonly commands: CommandBus,
    private readonly persons: PersonDirectory,
  ) {}

  @Get('wish') page(@BrowserSession() browser: Browser, @Res() response: Response): void {
    response.type('html').send(`<input type="hidden" name="csrf" value="${browser.csrfToken}">`);
  }

  @Post('wish') async begin(
    @BrowserSession() browser: Browser,
    @RequestLocale() locale: Locale,
    @RequestNetwork() network: ClientNetwork,
    @Res() response: Response,
  ): Promise<void> {
    const challengeId = await this.challenges.begin({
      browserId: browser.id,
      person: await this.persons.findOrCreate(anna),
      address: anna,
      returnTo: '/m/abc/authenticate',
      startAgainAt: '/m/abc',
      locale,
      networkPrefix: network.prefix,
    });
    await this.commands.execute(new IssueOtp(challengeId, network.prefix));
    response.redirect(303, `/prove/code/${challengeId}`);
  }
}

export async function openPasscodeRoom(): Promise<PasscodeRoom> {
  const sqlite = await openTemporarySqlite();
  const keys = await temporaryKeyring();
  const directory = await temporaryPersonDirectory(keys.keyring);
  const clock = new FixedClock(start);
  let milliseconds = 0;
  const ephemeral = new MemoryEphemeralStore({ maxBytes: 16 * 1024 * 1024, clock: () => milliseconds });
  let replyCode: number | null = null;
  const sink = await startSmtpSink({
    onRcptTo: (_address, _session, done) =>
      done(replyCode === null ? null : Object.assign(new Error('not here'), { responseCode: replyCode })),
  });
  const relay = new SmtpRelay(`smtp://127.0.0.1:${sink.port}`, { clock, closeGraceMs: 200 });
  const settings: PasscodeSettings = Object.assign(new PasscodeSettings(), {
    publicUrl: new URL('https://post.nordlys.example/'),
    organisation: {
      name: 'Nordlys Advokater',
      locales: ['en', 'da'],
      colours: { light: '#1f4e79', dark: null },
      telephone: '+45 00 00 00 00',
      howToCheck: { en: 'Ring us on the number in your letter.', da: 'Ring på nummeret i dit brev.' },
    },
    senderAddress: parseMailAddress('no-reply@nordlys.example'),
    returnPath: '' as const,
  });

  const provided = [
    { provide: EventStore, useValue: sqlite.store },
    { provide: EphemeralStore, useValue: ephemeral },
    { provide: PersonDirectory, useValue: directory.persons },
    { provide: MailRelay, useValue: relay },
    { provide: Clock, useValue: clock },
    { provide: ViewEngine, useValue: new ViewEngine() },
    { provide: PasscodeSettings, useValue: settings },
  ];
  @Global()
  @Module({ providers: provided, exports: provided.map(({ provide }) => provide) })
  class StoresModule {}

  const portal = await openTestPortal(
    { imports: [CqrsModule.forRoot(), StoresModule, PasscodeModule], controllers: [WishController] },
    { errorPages: [PASSCODE_ERRORS], trustedProxies: ['127.0.0.1'] },
  );
  const challenges = portal.app.get(Challenges);
  const commands = portal.app.get(CommandBus);
  const person = await directory.persons.findOrCreate(anna);

  const codeInMail = async (count: number): Promise<string> => {
    for (let turn = 0; turn < 200 && sink.mails.length < count; turn++) await pause(10);
    if (sink.mails.length !== count) throw new Error(`${sink.mails.length} mails, not ${count}`);
    return codeIn(sink.mails.at(-1)?.content ?? Buffer.alloc(0));
  };
  return {
    store: sqlite.store,
    ephemeral,
    directory: sqlite.directory,
    challenges,
    commands,
    portal,
    person,
    persons: directory.persons,
    mails: sink.mails,
    codeInMail,
    refuseWith: (code) => {
      replyCode = code;
    },
    elapse: (seconds) => {
      clock.advance(seconds);
      milliseconds += seconds * 1000;
    },
    async begin(browserId, network = '192.0.2.0/24', change = {}) {
      const wish = { browserId, person, address: anna, returnTo: '/m/abc/authenticate', locale: 'en' as const };
      const networkPrefix = network;
      const challengeId = await challenges.begin({ ...wish, networkPrefix, ...change });
      await commands.execute(new IssueOtp(challengeId, network));
      return challengeId;
    },
    challenge: (challengeId) => challenges.find(challengeId),
    events: () => Array.fromAsync(sqlite.store.readStream(passcodeStream(person.personId))) as never,
    async close() {
      await portal.close();
      await relay.close();
      await sink.close();
      await ephemeral.close();
      await directory.remove();
      await keys.remove();
      await sqlite.cleanUp();
    },
  };
}

/** The code as a reader finds it in the plain text of the mail: on a line of its own. */
export function codeIn(content: Buffer): string {
  const [, code] =
    /^ {4}((?:[0-9]{4} [0-9]{4})|(?:[A-Z2-7]{4} ){3}[A-Z2-7]{4})\r?$/m.exec(content.toString('utf8')) ?? [];
  if (code === undefined) throw new Error('no code in the mail');
  return code;
}

/** A browser in a network of its own, which wishes to prove the address and lands on the page of its challenge. */
export async function wish(
  { portal }: PasscodeRoom,
  headers: Record<string, string> = {},
): Promise<{ browser: TestBrowser; path: string; page: TestPage }> {
  const browser = portal.browser();
  await browser.get('/wish', headers);
  const begun = await browser.post('/wish', {}, headers);
  const path = begun.headers.get('location') ?? '';
  return { browser, path, page: await browser.get(path, headers) };
}

/** A short code of these digits. */
export function codeOf(digits: string): OneTimeCode {
  const code = parseOneTimeCode(Buffer.from(digits), 'short');
  if (code === null) throw new TypeError(`no short code: ${digits}`);
  return code;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, milliseconds));
}
