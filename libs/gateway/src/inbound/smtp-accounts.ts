import { verify } from 'argon2';
import { DomainError, Turns } from '#libs/vocabulary';
import type { SmtpAnswer } from '../outgoing-mail.ts';
import { ANSWERS } from './answers.ts';
import { GuessPace } from './guess-pace.ts';
import type { SmtpClient } from './inbound-settings.ts';

/** What a login came to. */
export type Login = { readonly client: SmtpClient } | { readonly refusal: SmtpAnswer };

class TooManyLogins extends DomainError {
  constructor() {
    super('too-many-logins');
  }
}

/** Passwords of clients: Argon2 takes memory and time by design, so that two are checked at once and twenty may wait. */
export class SmtpAccounts {
  private readonly turns = new Turns({ atOnce: 2, maxInLine: 20, refusal: () => new TooManyLogins() });

  constructor(
    private readonly clients: readonly SmtpClient[],
    private readonly pace = new GuessPace(),
  ) {}

  /** @param network which one pays for a failure */
  async logIn(user: string, password: string, network: string): Promise<Login> {
    if (!(await this.pace.mayTry(network))) return { refusal: ANSWERS.authPaced };
    try {
      return await this.turns.take(() => this.logInNow(user, password, network));
    } catch (error) {
      if (error instanceof TooManyLogins) return { refusal: ANSWERS.authBusy };
      throw error;
    }
  }

  /** Asks for the pace again: of many logins at once, those in line are to know how the first ones ended. */
  private async logInNow(user: string, password: string, network: string): Promise<Login> {
    if (!(await this.pace.mayTry(network))) return { refusal: ANSWERS.authPaced };
    const client = await this.check(user, password);
    if (client !== null) return { client };
    await this.pace.hasFailed(network);
    return { refusal: ANSWERS.authFailed };
  }

  /** A user who is not there takes as long as one who is. */
  private async check(user: string, password: string): Promise<SmtpClient | null> {
    const withPassword = this.clients.filter(({ passwordHash }) => passwordHash !== null);
    const client = withPassword.find(({ clientId }) => clientId === user);
    const hash = (client ?? withPassword[0])?.passwordHash ?? null;
    const matches = hash !== null && (await verify(hash, password));
    return matches ? (client ?? null) : null;
  }
}
