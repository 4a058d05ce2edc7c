import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../../..');

/** Pages whose commands an operator types. */
export const PAGES: readonly string[] = [
  'README.md',
  ...globSync('ops/{package,systemd,images}/README.md', { cwd: ROOT }).toSorted(),
  ...globSync('ops/runbooks/*.md', { cwd: ROOT }).toSorted(),
  'helm/segl/README.md',
  'libs/backup/README.md',
];

const FENCE = /^\x60{3}([^\n]*)\n([\s\S]*?)^\x60{3}$/gm;
const BEGINS_AS_A_COMMAND = /^(npm|npx|segl|openssl|curl|age) /;

/** What stands in a page's blocks, by the words behind the fence: `sh`, `yaml segl.yaml`. */
export function blocksIn(page: string): { readonly kind: string; readonly text: string }[] {
  const blocks = readFileSync(join(ROOT, page), 'utf8').matchAll(FENCE);
  return [...blocks].map(([, kind = '', text = '']) => ({ kind, text }));
}

/** Every command of a page as it stands there, continued lines with it, without the remark behind it. */
export function commandsIn(page: string): string[] {
  return blocksIn(page)
    .filter(
      ({ kind, text }) => /^(sh( run)?|powershell)$/.test(kind) || (kind === '' && BEGINS_AS_A_COMMAND.test(text)),
    )
    .flatMap(({ kind, text }) => splitCommands(text, kind === 'powershell' ? '`' : '\\'));
}

const PROGRAMS =
  /^(?:[A-Z_]+=\S+ )?(age-keygen|age|caddy|chmod|cp|curl|docker|helm|initdb|journalctl|kubectl|node|npm|npx|openssl|postqueue|rm|segl|sqlite3|systemctl|systemd-analyze|umask|vmstat) /;

/** Commands in the sentences of a page, each once: what a program of the machine or `segl` is given. A program's name alone is a name. */
export function inlineCommandsIn(page: string): string[] {
  const prose = readFileSync(join(ROOT, page), 'utf8').replace(FENCE, '');
  const spans = [...prose.matchAll(/\x60([^\x60\n]+)\x60/g)].map(([, span = '']) => span);
  return [...new Set(spans.filter((span) => PROGRAMS.test(span)))];
}

function splitCommands(text: string, continues: string): string[] {
  const commands: string[] = [];
  let open = '';
  for (const line of text.split('\n')) {
    open += (open === '' ? '' : '\n') + line.replace(/(^|\s{2,})# .*$/, '').trimEnd();
    const isQuoteOpen = (open.match(/'/g) ?? []).length % 2 === 1;
    const [, hereEnd] = /<<'?(\w+)/.exec(open) ?? [];
    const isHereOpen = hereEnd !== undefined && line !== hereEnd;
    if (open.endsWith(continues) || isQuoteOpen || isHereOpen) continue;
    if (open.trim() !== '') commands.push(open);
    open = '';
  }
  return commands;
}
