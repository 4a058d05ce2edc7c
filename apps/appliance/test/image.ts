import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { IMAGE, STORAGE } from '../../../ops/images/build-image.mjs';

const root = resolve(import.meta.dirname, '..', '..', '..');
const chroot = { ...process.env, BUILDAH_ISOLATION: 'chroot' };

/** Why no image can be built on this machine, or null. */
export function noImageBecause(): string | null {
  if (process.getuid?.() !== 0) return 'only root can build one here';
  const missing = ['/usr/bin/buildah', '/usr/sbin/debootstrap'].filter((path) => !existsSync(path));
  return missing.length === 0 ? null : `there is no ${missing.join(', no ')}`;
}

/** @returns the last line that the build printed: name, id and size */
export function buildImage(): string {
  const args = [join(root, 'ops', 'images', 'build-image.mjs'), '--make-base'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64e6,
  });
  if (status !== 0) throw new Error(`the image was not built: ${stderr.slice(-2000)}`);
  return stdout.trim().split('\n').at(-1) ?? '';
}

export interface InContainer {
  /** Host directory → where the container has it. */
  readonly volumes: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A container of the image, with the network of this machine (that is what `--isolation chroot` can). */
export class Container {
  private constructor(private readonly name: string) {}

  static create(): Container {
    return new Container(buildah('from', '--pull=false', IMAGE).text.trim());
  }

  /** What the image says of itself. */
  static inspect(): { Docker: { config: { User: string; Labels: Record<string, string>; Healthcheck?: unknown } } } {
    return JSON.parse(buildah('inspect', '--type', 'image', IMAGE).text) as never;
  }

  run(command: readonly string[], where: InContainer): { readonly status: number; readonly text: string } {
    return buildah(...this.argsOf(command, where));
  }

  /** Its program, until it is told to end. @param pidFile in a volume, by its path on this machine and in the container */
  start(command: string, where: InContainer, pidFile: { readonly here: string; readonly there: string }): Started {
    const shell = ['sh', '-c', `echo $$ > ${pidFile.there}; exec ${command}`];
    const child = spawn('buildah', [...STORAGE, ...this.argsOf(shell, where)], { env: chroot });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return {
      output: () => output,
      async stop() {
        // The container has the process numbers of this machine.
        if (child.exitCode === null) process.kill(Number(readFileSync(pidFile.here, 'utf8')), 'SIGTERM');
        return ended;
      },
    };
  }

  remove(): void {
    buildah('rm', this.name);
  }

  private argsOf(command: readonly string[], { volumes, environment = {} }: InContainer): string[] {
    return [
      'run',
      ...Object.entries(volumes).flatMap(([here, there]) => ['--volume', `${here}:${there}`]),
      ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      this.name,
      '--',
      ...command,
    ];
  }
}

export interface Started {
  output(): string;
  /** SIGTERM, as an orchestrator sends it. @returns the exit code */
  stop(): Promise<number | null>;
}

function buildah(...args: string[]): { status: number; text: string } {
  const { status, stdout, stderr } = spawnSync('buildah', [...STORAGE, ...args], { encoding: 'utf8', env: chroot });
  if (status !== 0 && args[0] !== 'run') throw new Error(`buildah ${args[0]}: ${stderr}`);
  return { status: status ?? 1, text: args[0] === 'run' ? stdout + stderr : stdout };
}
