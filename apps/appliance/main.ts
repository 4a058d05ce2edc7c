#!/usr/bin/env node
import { refuseOldNode } from '#supported-node';

refuseOldNode();
await import('./start.ts'); // not before: an old Node could not even load it
