#!/usr/bin/env node
import { refuseOldNode } from '#supported-node';

// Before anything is loaded: addresses stand in options, and nobody else on this machine is to read them in its list of processes
// (proc_pid_cmdline(5)). What started this program, a shell or npx, has its own line there: @file is for that.
const argv = process.argv.slice(2);
process.title = 'segl';
refuseOldNode();
await import('reflect-metadata');
const [{ run }, { processTerminal }, { protectProcess }] = await Promise.all([
  import('./run.ts'),
  import('./terminal.ts'),
  import('#libs/installation'),
]);

protectProcess(); // keys and mails stand in this process too

process.exitCode = await run(argv, processTerminal(process.env));
process.stdin.destroy(); // a pipe that nobody closes must not keep a finished command alive
