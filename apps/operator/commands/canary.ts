import { Command } from 'commander';
import { isLoopback } from '#libs/installation';
import type { CanaryRun, Settings } from '#libs/installation';
import { Refused, Unavailable } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';

/** Seconds: a run takes three minutes at most. */
const PATIENCE_SECONDS = 240;

export function canaryCommand(operator: Operator): Command {
  return new Command('canary').description('mail that Segl sends to itself').addCommand(runCommand(operator));
}

function runCommand(operator: Operator): Command {
  return new Command('run')
    .description('send a canary mail now, and say how far it came')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Asks the process that runs here, at its management port (SEGL_MANAGEMENT_PORT); canary.everySeconds must be set there. The
mail goes the way of every other: sealed, relayed, opened at the public address, proven by a code, read. Exit code 0 when it was read, 69 when not.

Examples:
  segl canary run
  SEGL_CONFIG=/etc/segl/segl.yaml segl canary run --json`,
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const run = await runNow(operator.settings(command));
      if (json) await operator.printJson(run);
      else for (const line of linesOf(run)) await operator.print(line);
      if (run.outcome === 'failed') throw new Unavailable(`the canary mail was not read: ${run.reason ?? ''}`);
    });
}

function linesOf({ steps, outcome }: CanaryRun): string[] {
  return steps.map(({ step, seconds }, index) => {
    const hasFailed = outcome === 'failed' && index === steps.length - 1;
    return `${hasFailed ? 'FAULT' : 'ok   '}  ${step.padEnd(8)}${seconds.toFixed(3).padStart(8)} s`;
  });
}

/** @throws Refused, Unavailable */
async function runNow({ managementHost, managementPort }: Settings): Promise<CanaryRun> {
  const isEverywhere = managementHost === '0.0.0.0' || managementHost === '::';
  const host = isEverywhere || isLoopback(managementHost) ? 'localhost' : managementHost;
  const at = `http://${host.includes(':') ? `[${host}]` : host}:${managementPort}/canary`;
  let answer: Response;
  try {
    answer = await fetch(at, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(PATIENCE_SECONDS * 1000),
    });
  } catch (cause) {
    throw new Unavailable(`nothing answers at ${at}: does Segl run here, with this configuration?`, { cause });
  }
  if (answer.status === 200) return (await answer.json()) as CanaryRun;
  const words = (await answer.text()).trim();
  if (answer.status === 404) throw new Refused(`${words}: set canary.everySeconds, and run this beside a gateway`);
  if (answer.status === 409 || answer.status === 429) throw new Unavailable(words);
  throw new Unavailable(`${at} answers ${answer.status}: ${words}`);
}
