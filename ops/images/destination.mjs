import { existsSync } from 'node:fs';

const EXAMPLES = 'docker://registry.example.com/segl:0.1.0, or docker-archive:segl.tar for a new file';

/**
 * Where `--to` brings the image, looked at before minutes go into a build.
 *
 * @returns null where nothing is said; `repository` is null for what is no registry
 * @throws Error for what names no place, and for a file that is there already, which buildah would not write over
 */
export function destinationIn(argv) {
  const at = argv.findIndex((each) => each === '--to' || each.startsWith('--to='));
  if (at < 0) return null;
  const reference = argv[at] === '--to' ? (argv[at + 1] ?? '') : argv[at].slice('--to='.length);
  const [, transport, rest] = /^([a-z-]+):(.+)$/.exec(reference) ?? [];
  if (rest === undefined)
    throw new Error(`--to needs a place, such as ${EXAMPLES}; it has ${JSON.stringify(reference)}`);
  if (transport === 'docker')
    // The last colon behind the last slash begins a tag; others, a port.
    return { reference, repository: rest.replace(/^\/\//, '').replace(/[:@][^/]*$/, '') };
  const [file] = transport.endsWith('-archive') ? rest.split(':') : [];
  if (file !== undefined && existsSync(file)) throw new Error(`${file} is there already: remove it, or name another`);
  return { reference, repository: null };
}
