// EventStoreDB's protocol double as a process of its own, for whole processes and for tests that stand still meanwhile:
//   node --conditions=segl-source double-process.ts [port]
import { EventStoreDbDouble } from './double-server.ts';

const double = await EventStoreDbDouble.start({}, Number(process.argv[2] ?? 0));
process.stdout.write(`${double.url}\n`);
process.stdin.resume();
process.stdin.once('end', () => process.exit(0)); // who started it is gone
