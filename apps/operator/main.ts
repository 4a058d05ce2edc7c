#!/usr/bin/env node
import { refuseOldNode } from '#supported-node';

refuseOldNode();
await import('reflect-metadata');
const [{ run }, { processTerminal }] = await Promise.all([import('./run.ts'), import('./terminal.ts')]);

process.exitCode = await run(process.argv.slice(2), processTerminal(process.env));
process.stdin.destroy(); // a pipe that nobody closes must not keep a finished command alive
