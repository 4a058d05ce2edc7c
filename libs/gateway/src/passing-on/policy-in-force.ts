import { readFileSync } from 'node:fs';
import { DomainError } from '#libs/vocabulary';
import type { MailPolicy } from '../policy/policy.ts';
import { readPolicy } from '../policy/read-policy.ts';
import type { PolicyFault } from '../policy/read-policy.ts';

/** A policy's file that cannot be used, with everything that is wrong with it, one sentence each. */
export class PolicyFaulty extends DomainError {
  readonly faults: readonly string[];

  constructor(faults: readonly string[], options?: ErrorOptions) {
    super('policy-faulty', `the policy cannot be used: ${faults.join('; ')}`, options);
    this.faults = faults;
  }
}

/**
 * The policy that mails are decided by. Read when the process starts, where a fault stops the start; read again when it is asked to,
 * where a faulty file changes nothing: the policy that was in force stays so, and what is wrong is said until it is mended. Each mail
 * is decided by the policy that was in force when its data had ended.
 */
export class PolicyInForce {
  private current: MailPolicy;
  private lastFaults: readonly string[] = [];

  /** @param file null: every mail is sealed, but for what machines must be able to read. @throws PolicyFaulty */
  constructor(
    private readonly file: string | null,
    private readonly today: () => Date,
  ) {
    this.current = this.read();
  }

  get policy(): MailPolicy {
    return this.current;
  }

  /** What is wrong with the file as it was last read; empty where that one is in force. */
  get faults(): readonly string[] {
    return this.lastFaults;
  }

  /** @returns whether the file is now in force; where it is not, `faults` says why */
  reload(): boolean {
    try {
      this.current = this.read();
      this.lastFaults = [];
      return true;
    } catch (error) {
      if (!(error instanceof PolicyFaulty)) throw error;
      this.lastFaults = error.faults;
      return false;
    }
  }

  private read(): MailPolicy {
    const reading = readPolicy(this.source(), this.today);
    if ('faults' in reading) throw new PolicyFaulty(reading.faults.map(sentenceOf));
    return reading.policy;
  }

  private source(): string {
    if (this.file === null) return 'rules: []\n';
    try {
      return readFileSync(this.file, 'utf8');
    } catch (cause) {
      throw new PolicyFaulty([`the file cannot be read (${(cause as NodeJS.ErrnoException).code})`], { cause });
    }
  }
}

function sentenceOf({ line, path, message }: PolicyFault): string {
  const place = [line === null ? '' : `line ${line}`, path].filter((each) => each !== '').join(', ');
  return place === '' ? message : `${place}: ${message}`;
}
