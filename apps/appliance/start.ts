import 'reflect-metadata';
import { CannotListen, ConfigurationFault, EXIT_CONFIGURATION, readSettings } from '#libs/installation';
import { KeyringFault } from '#libs/keyring';
import { BridgeConfigurationFault } from '#libs/oidc-bridge';
import { startAppliance } from './appliance.ts';
import { greetNewcomer } from './demo/greeting.ts';
import { openLog } from './logging.ts';

/** Seconds that a stop may take beyond `drainSeconds` before the process ends all the same. */
const STOP_SECONDS = 5;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

async function main(): Promise<void> {
  const demonstration = process.argv.includes('--demonstration');
  const settings = readSettings(process.env, { demonstration });
  const log = openLog(settings.logLevel);
  // A start may wait for servers as long as it takes; as process 1 of a container it would not hear a signal by default.
  const endAtOnce = () => {
    log.info('stopped before it was ready');
    process.exit(0);
  };
  for (const signal of SIGNALS) process.once(signal, endAtOnce);
  const appliance = await startAppliance(settings);
  for (const signal of SIGNALS) process.removeListener(signal, endAtOnce);
  process.on('SIGHUP', () => appliance.reload());
  let isStopping = false;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const cutOff = (why: string) => {
        log.warn(`ended without having stopped: ${why}`);
        process.exit(1);
      };
      if (isStopping) cutOff('it was asked twice');
      isStopping = true;
      const mostSeconds = settings.drainSeconds + STOP_SECONDS;
      setTimeout(() => cutOff(`it took more than ${mostSeconds} s`), mostSeconds * 1000).unref();
      appliance.stop().then(
        () => process.exit(0),
        (error: unknown) => fail(error, 1),
      );
    });
  }
  if (demonstration) process.stdout.write(greetNewcomer(appliance.publicUrl));
}

function fail(error: unknown, exitCode: number): never {
  process.stderr.write(`segl: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(exitCode);
}

main().catch((error: unknown) => {
  const isConfiguration =
    error instanceof ConfigurationFault || error instanceof KeyringFault || error instanceof BridgeConfigurationFault;
  if (isConfiguration) fail(error, EXIT_CONFIGURATION);
  if (error instanceof CannotListen && error.isTaken) {
    fail(new Error(`another program listens on that port already: stop it, or set ${error.listener}_PORT`), 1);
  }
  if (error instanceof CannotListen) fail(new ConfigurationFault([error.message]), EXIT_CONFIGURATION);
  fail(error, 1);
});
