import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SYSTEMD = '/lib/systemd/systemd';
const NAMESPACES = ['--mount', '--net', '--pid', '--ipc', '--uts', '--cgroup', '--fork', '--kill-child'];
/** Places of the machine that a page writes to, each a directory of the test's here. */
const PLACES = { etc: '/etc', opt: '/opt', srv: '/srv', lib: '/var/lib', bin: '/usr/local/bin', log: '/var/log' };

/** Units that a system starts with, and that would touch what this machine shares with the other one: devices, the kernel's settings. */
const NOT_STARTED = [
  ...['udevd', 'udev-trigger', 'sysctl', 'modules-load', 'remount-fs', 'binfmt', 'update-utmp', 'random-seed'].map(
    (name) => `systemd-${name}.service`,
  ),
  ...['sysusers', 'firstboot', 'tmpfiles-setup', 'tmpfiles-setup-dev', 'pstore', 'machine-id-commit'].map(
    (name) => `systemd-${name}.service`,
  ),
  ...['systemd-udevd-kernel.socket', 'systemd-udevd-control.socket', 'proc-sys-fs-binfmt_misc.automount'],
  ...['kmod-static-nodes.service', 'sys-kernel-config.mount', 'sys-kernel-debug.mount', 'sys-kernel-tracing.mount'],
  ...['sys-fs-fuse-connections.mount', 'dev-hugepages.mount', 'dev-mqueue.mount'],
];

const TYPED = (place: string) => `[Unit]
After=basic.target
Wants=basic.target
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/sh -c 'bash -euxo pipefail ${place}/typed > ${place}/said 2>&1; echo $$? > ${place}/status'
`;

/** Run in namespaces of its own; ends as process 1. */
const MACHINE = (place: string) => `set -eu
mount --make-rprivate /
mount -t proc proc /proc
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 dev ${place}/dev
for node in null zero full random urandom tty; do touch ${place}/dev/$node; mount --bind /dev/$node ${place}/dev/$node; done
mkdir ${place}/dev/pts ${place}/dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts ${place}/dev/pts
ln -s pts/ptmx ${place}/dev/ptmx
ln -s /proc/self/fd ${place}/dev/fd
mount --rbind ${place}/dev /dev
mount -t tmpfs -o mode=755 run /run
cp -a /etc/. ${place}/etc
rm -rf ${place}/etc/systemd/system
mkdir ${place}/etc/systemd/system
for unit in ${NOT_STARTED.join(' ')}; do ln -s /dev/null ${place}/etc/systemd/system/$unit; done
cp ${place}/typed.service ${place}/etc/systemd/system/
${Object.entries(PLACES)
  .map(([name, path]) => `mount --bind ${place}/${name} ${path}`)
  .join('\n')}
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -o remount,bind,ro /sys
ip link set lo up
exec env -i container=segl PATH=/usr/sbin:/usr/bin:/sbin:/bin ${SYSTEMD} --system --unit=typed.service --log-target=console
`;

/**
 * A machine with a systemd, users, an /etc, an /opt, ports and a journal of its own, as far as a kernel can give one to root: what a page tells operators to type can be typed there
 * as it stands. Bounds of memory are not in force, since the kernel's hierarchies of control groups may be this machine's.
 *
 * @param place a directory for it alone; what is in its `opt`, `srv` and so on is the machine's then
 * @returns exit code and everything that was said, each command before what it said
 */
export async function typedOnAMachine(place: string, script: string): Promise<{ status: number; said: string }> {
  for (const name of ['dev', ...Object.keys(PLACES)]) mkdirSync(join(place, name), { recursive: true });
  writeFileSync(join(place, 'typed'), script);
  writeFileSync(join(place, 'typed.service'), TYPED(place));
  const machine = spawn('unshare', [...NAMESPACES, 'sh', '-c', MACHINE(place)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let booted = '';
  for (const stream of [machine.stdout, machine.stderr])
    stream.on('data', (text: Buffer) => (booted += text.toString()));
  const ended = new Promise((resolve) => machine.once('exit', resolve));
  try {
    while (!existsSync(join(place, 'status')) && machine.exitCode === null) await sleep(50);
    const said = existsSync(join(place, 'said')) ? readFileSync(join(place, 'said'), 'utf8') : '';
    if (!existsSync(join(place, 'status'))) return { status: 1, said: `${said}\n${booted}` };
    return { status: Number(readFileSync(join(place, 'status'), 'utf8')), said };
  } finally {
    machine.kill('SIGKILL'); // and with it all that ran there
    await ended;
  }
}

/** Whether this machine can have such a one. */
export function canHaveAMachine(): boolean {
  if (process.getuid?.() !== 0 || !existsSync(SYSTEMD)) return false;
  return (
    spawnSync('unshare', [
      ...NAMESPACES,
      'sh',
      '-c',
      'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup',
    ]).status === 0
  );
}
