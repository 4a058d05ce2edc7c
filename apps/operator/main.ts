#!/usr/bin/env node
import 'reflect-metadata';
import { run } from './run.ts';
import { processTerminal } from './terminal.ts';

process.exitCode = await run(process.argv.slice(2), processTerminal(process.env));
process.stdin.destroy(); // a pipe that nobody closes must not keep a finished command alive
