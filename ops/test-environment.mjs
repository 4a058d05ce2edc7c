import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Node's own environment, with a temporary directory for each test file that is removed when the file is over, with everything that
 * its tests, their helpers and their processes left in it.
 */
export default class TemporaryPlaceEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    this.before = process.env.TMPDIR;
    this.place = mkdtempSync(join(tmpdir(), 'segl-test-'));
    chmodSync(this.place, 0o711); // PostgreSQL and Postfix run as users of their own, within directories that they are given there
    this.setTemporaryDirectory(this.place);
  }

  async teardown() {
    await super.teardown();
    this.setTemporaryDirectory(this.before);
    rmSync(this.place, { recursive: true, force: true, maxRetries: 3 });
  }

  /** For `os.tmpdir()` and for what is started: the tests' `process.env` is a copy. */
  setTemporaryDirectory(path) {
    for (const { env } of [process, this.global?.process].filter(Boolean)) {
      if (path === undefined) delete env.TMPDIR;
      else env.TMPDIR = path;
    }
  }
}
