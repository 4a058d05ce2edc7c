import { describe, expect, it } from '@jest/globals';
import { nodeFault } from './supported-node.ts';

describe('a Node', () => {
  it.each(['24.15.0', '24.21.0', '25.0.0'])('%s is new enough', (version) => {
    expect(nodeFault(version, '>=24.15', null)).toBeNull();
  });

  it.each(['20.20.2', '24.14.9', '9.99.0'])('%s is not, and is told which one is', (version) => {
    expect(nodeFault(version, '>=24.15', '/opt/segl/node_modules/.bin/node')).toBe(
      `this is Node ${version}, and Segl needs 24.15 or newer: the one of the lockfile is /opt/segl/node_modules/.bin/node, and "npx segl serve" starts on it`,
    );
    expect(nodeFault(version, '>=24.15', null)).toContain('run "npm ci"');
  });
});
