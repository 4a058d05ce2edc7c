#!/usr/bin/env node
import { refuseOldNode } from '#supported-node';
import { lowerBackgroundThreads } from './background-threads.ts';
import { boundYoungGeneration } from './young-generation.ts';

refuseOldNode();
boundYoungGeneration();
lowerBackgroundThreads();
await import('./start.ts'); // not before: an old Node could not even load it
