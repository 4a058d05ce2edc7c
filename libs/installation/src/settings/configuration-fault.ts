/** sysexits.h EX_CONFIG: what a supervisor must not simply restart. */
export const EXIT_CONFIGURATION = 78;

/** Everything that is wrong with the configuration, one line each, in the operator's words. */
export class ConfigurationFault extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `the configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n  ${faults.join('\n  ')}`,
    );
    this.name = 'ConfigurationFault';
    this.faults = faults;
  }
}
