#!/usr/bin/env node
import { refuseOldNode } from '#supported-node';
import { boundYoungGeneration } from './young-generation.ts';

refuseOldNode();
boundYoungGeneration();
await import('./start.ts'); // not before: an old Node could not even load it
