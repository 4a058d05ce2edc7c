import { fork } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageFrom, startBareServer } from '../bench/bare-reference.ts';
import { startCodeMailbox } from '../bench/code-mailbox.ts';
import { SENDER, startProduction } from '../bench/portal-process.ts';
import { ProgramClient } from '../bench/program-client.ts';
import { startSink } from './sink.ts';

/** An appliance as in production and everything around it that readers, programs and auditors need, each a process of its own. */
export interface House {
  readonly pid: number;
  readonly managementPort: number;
  /** As in scripts/settings.ts. */
  readonly reached: { readonly portal: string; readonly bare: string; readonly sink: string; readonly sender: string };
  stop(): Promise<void>;
}

const bench = join(import.meta.dirname, '..', 'bench');

/** Of the built appliance, with its limits as they are by default. */
export async function startHouse(directory: string): Promise<House> {
  const mailbox = await startCodeMailbox({ takesCarriers: true });
  const accounts = fork(join(bench, 'account-provider.ts'), { execArgv: [] });
  const { issuer, clientId, secret } = await messageFrom<Record<string, string>>(accounts);
  const clientSecretFile = join(directory, 'secret');
  await writeFile(clientSecretFile, String(secret));
  const auditor = new ProgramClient(directory, [], { clientId: 'follower', scopes: ['audit:read', 'audit:export'] });
  const portal = await startProduction(directory, {
    relayUrl: mailbox.url,
    programs: [auditor],
    signIn: {
      organisation: [
        {
          ...{ name: 'Example ID', issuer, clientId, clientSecretFile, domains: ['example.com'] },
          ...{ privateAddresses: ['127.0.0.1'], rolesClaim: 'groups', roles: { compliance: ['auditor'] } },
        },
      ],
    },
  });
  const { port, publicUrl, program } = portal;
  const sink = await startSink(mailbox, {
    seal: () => program.accessToken(port, publicUrl),
    audit: () => auditor.accessToken(port, publicUrl),
  });
  const bare = await startBareServer();
  return {
    pid: portal.pid,
    managementPort: portal.managementPort,
    reached: {
      portal: `http://127.0.0.1:${port}`,
      bare: `http://127.0.0.1:${bare.port}/`,
      sink: sink.url,
      sender: SENDER,
    },
    async stop() {
      await portal.stop();
      accounts.disconnect();
      bare.stop();
      sink.close();
      mailbox.close();
    },
  };
}
