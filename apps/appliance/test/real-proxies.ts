import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const recipes = resolve(import.meta.dirname, '..', '..', '..', 'ops', 'proxies');

interface Ports {
  readonly tls: number;
  /** Where a recipe listens on port 80. */
  readonly plain: number;
  readonly upstream: number;
  readonly management: number;
}

/** A recipe of ops/proxies, run by the program that it is for. */
export interface Recipe {
  readonly file: string;
  readonly program: string;
  /** The recipe as a test can run it: other ports, a certificate of its own, and what a distribution puts around it. */
  written(recipe: string, ports: Ports, place: string): string;
  command(file: string, place: string): readonly string[];
}

export const RECIPES: readonly Recipe[] = [
  {
    file: 'Caddyfile',
    program: '/usr/bin/caddy',
    written: (recipe, { tls, upstream }, place) =>
      recipe
        .replace(
          'admin off',
          `admin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tstorage file_system ${place}`,
        )
        .replace('post.example.com {', `https://localhost:${tls} {\n\ttls ${place}/cert.pem ${place}/key.pem`)
        .replace('127.0.0.1:8080', `127.0.0.1:${upstream}`),
    command: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
  {
    // Of docker-compose.yml: every role behind one door. Here all of them are the one appliance.
    file: '../images/Caddyfile',
    program: '/usr/bin/caddy',
    written: (recipe, { tls, upstream, management }, place) =>
      recipe
        .replace(':8443 {', `https://localhost:${tls} {`)
        .replace('/run/secrets/tls-certificate /run/secrets/tls-key', `${place}/cert.pem ${place}/key.pem`)
        .replace('portal-1:8080 portal-2:8080', `127.0.0.1:${upstream}`)
        .replace(/(gateway|console):8080/g, `127.0.0.1:${upstream}`)
        .replace('health_port 8081', `health_port ${management}`),
    command: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
  {
    file: 'nginx.conf',
    program: '/usr/sbin/nginx',
    written: (recipe, { tls, plain, upstream }, place) => {
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${place}/temporary-${name};`,
      );
      const server = recipe
        .replace('listen 80', `listen 127.0.0.1:${plain}`)
        .replace('listen 443', `listen 127.0.0.1:${tls}`)
        .replace(/\/etc\/ssl\/\S+fullchain\.pem/, `${place}/cert.pem`)
        .replace(/\/etc\/ssl\/\S+privkey\.pem/, `${place}/key.pem`)
        .replace('127.0.0.1:8080', `127.0.0.1:${upstream}`);
      return `daemon off; pid ${place}/pid; error_log stderr; events {}\nhttp {\n${paths.join('\n')}\n${server}}\n`;
    },
    command: (file, place) => ['-p', place, '-c', file],
  },
  {
    file: 'haproxy.cfg',
    program: '/usr/sbin/haproxy',
    written: (recipe, { tls, plain, upstream, management }, place) =>
      recipe
        .replace('bind :80', `bind 127.0.0.1:${plain}`)
        .replace('bind :443', `bind 127.0.0.1:${tls}`)
        .replace('/etc/haproxy/post.example.com.pem', `${place}/both.pem`)
        .replace(
          '127.0.0.1:8080 check port 8081 inter 5s',
          `127.0.0.1:${upstream} check port ${management} inter 200ms`,
        ),
    command: (file) => ['-db', '-f', file],
  },
];

/** @returns why this recipe cannot be run here, or null */
export function notHereBecause({ program }: Recipe): string | null {
  if (!existsSync(program)) return `there is no ${program}`;
  return existsSync('/usr/bin/openssl') ? null : 'there is no openssl';
}

/** A certificate for localhost, as each program wants it. */
export function makeCertificate(place: string): void {
  mkdirSync(place, { recursive: true });
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const files = ['-keyout', join(place, 'key.pem'), '-out', join(place, 'cert.pem')];
  const { status } = spawnSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '1',
      ...subject,
      ...files,
    ],
    { stdio: 'ignore' },
  );
  if (status !== 0) throw new Error('openssl made no certificate');
  writeFileSync(
    join(place, 'both.pem'),
    readFileSync(join(place, 'cert.pem')) + '' + readFileSync(join(place, 'key.pem')),
  );
}

/** In the foreground, as a child of this process. */
export function startProxy(recipe: Recipe, ports: Ports, place: string): ChildProcess {
  const text = recipe.written(readFileSync(join(recipes, recipe.file), 'utf8'), ports, place);
  const file = join(place, basename(recipe.file));
  writeFileSync(file, text);
  return spawn(recipe.program, recipe.command(file, place), {
    env: { PATH: '/usr/sbin:/usr/bin', HOME: place, XDG_DATA_HOME: place, XDG_CONFIG_HOME: place },
    stdio: 'ignore',
  });
}
