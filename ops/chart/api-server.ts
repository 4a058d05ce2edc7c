import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#libs/vocabulary/testing';
import { toolPath } from '../judges/tools.mjs';
import { customResourceDefinitions } from './kubernetes-schemas.ts';

const READY_SECONDS = 120;

/** Why no API server can be had here, or null. */
export function noApiServerBecause(): string | null {
  const missing = (['kube-apiserver', 'etcd', 'helm', 'kubectl'] as const).filter((name) => toolPath(name) === null);
  if (missing.length > 0) return `no ${missing.join(', ')} here: npm run judges brings them`;
  return customResourceDefinitions() === null ? 'no Go to fetch the definitions of other kinds with' : null;
}

/** kube-apiserver on an etcd of its own, on loopback: it takes objects, checks and keeps them, and nothing runs them. */
export class ApiServer {
  private constructor(
    private readonly place: string,
    private readonly processes: readonly ChildProcess[],
    private readonly kubeconfig: string,
  ) {}

  static async start(): Promise<ApiServer> {
    const place = mkdtempSync(join(tmpdir(), 'segl-cluster-'));
    const [clients, peers, secure] = [await freePort(), await freePort(), await freePort()];
    const at = (port: number) => `http://127.0.0.1:${port}`;
    const etcd = run('etcd', [
      `--data-dir=${join(place, 'etcd')}`,
      `--listen-client-urls=${at(clients)}`,
      `--advertise-client-urls=${at(clients)}`,
      `--listen-peer-urls=${at(peers)}`,
      `--initial-advertise-peer-urls=${at(peers)}`,
      `--initial-cluster=default=${at(peers)}`,
      '--unsafe-no-fsync',
    ]);
    const token = randomBytes(16).toString('hex');
    const key = join(place, 'accounts.key');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(key, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
    writeFileSync(join(place, 'tokens'), `${token},tester,tester,"system:masters"\n`, { mode: 0o600 });
    const server = run('kube-apiserver', [
      `--etcd-servers=${at(clients)}`,
      `--secure-port=${secure}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--cert-dir=${join(place, 'certificates')}`,
      `--token-auth-file=${join(place, 'tokens')}`,
      '--authorization-mode=RBAC',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      '--endpoint-reconciler-type=none',
    ]);
    const kubeconfig = join(place, 'kubeconfig');
    writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(secure, token)), { mode: 0o600 });
    const started = new ApiServer(place, [server, etcd], kubeconfig);
    const deadline = Date.now() + READY_SECONDS * 1000;
    while (started.kubectl(['get', '--raw', '/readyz']).status !== 0) {
      if (Date.now() > deadline || server.exitCode !== null) {
        await started.stop();
        throw new Error(`kube-apiserver was not ready within ${READY_SECONDS} s`);
      }
      await new Promise((wake) => setTimeout(wake, 250));
    }
    return started;
  }

  helm(args: readonly string[]): Answer {
    return this.ask('helm', args);
  }

  kubectl(args: readonly string[], input?: string): Answer {
    return this.ask('kubectl', args, input);
  }

  async stop(): Promise<void> {
    for (const child of this.processes) {
      if (child.exitCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.place, { recursive: true, force: true });
  }

  private ask(program: 'helm' | 'kubectl', args: readonly string[], input?: string): Answer {
    const { status, stdout, stderr } = spawnSync(toolPath(program) ?? program, args, {
      encoding: 'utf8',
      input: input ?? '',
      env: { PATH: '/usr/bin:/bin', HOME: this.place, KUBECONFIG: this.kubeconfig },
    });
    return { status: status ?? 1, text: stdout, said: stderr };
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly said: string;
}

function run(program: 'etcd' | 'kube-apiserver', args: readonly string[]): ChildProcess {
  return spawn(toolPath(program) ?? program, args, { stdio: 'ignore', env: { PATH: '/usr/bin:/bin' } });
}

/** Its certificate is its own, made at this start, and it is on loopback. */
function kubeconfigOf(port: number, token: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'tester' } }],
    clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'tester', user: { token } }],
  };
}
