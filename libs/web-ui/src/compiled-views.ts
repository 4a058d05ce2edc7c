import { existsSync, globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve, sep } from 'node:path';
import Handlebars from 'handlebars';
import { checkTemplate } from './template-checks.ts';

/** What a template may call. */
export const HELPERS = ['t', 'url', 'formatInstant', 'formatBytes', 'csrfToken'] as const;

/** What every template is compiled with: a missing value, an unknown helper or a mistyped partial is an error, never a gap. */
const COMPILE = { strict: true, preventIndent: true, knownHelpersOnly: true } as const;

/** Views by name, as Handlebars' `template` takes them. */
export type CompiledViews = Readonly<Record<string, TemplateSpecification>>;

/** Written by the build (ops/build.mjs), beside where this file would be. */
const OF_THE_BUILD = join(import.meta.dirname, 'compiled-views.cjs');

let ofThisProcess: CompiledViews | undefined;

/** Every view of every room: compiled by the build, or here, once in a process that runs from the sources. @throws TemplateFaults */
export function compiledViews(): CompiledViews {
  ofThisProcess ??= existsSync(OF_THE_BUILD)
    ? (createRequire(import.meta.url)(OF_THE_BUILD) as CompiledViews)
    : compileViews(viewDirectories());
  return ofThisProcess;
}

/** @throws TemplateFaults with every fault of every template */
export function compileViews(directories: readonly string[]): CompiledViews {
  // what Handlebars wrote, run as its own `compile` runs it
  return new Function(`return ${writeViews(directories)}`)() as CompiledViews;
}

/** The same, as an expression of JavaScript. @throws TemplateFaults with every fault of every template */
export function writeViews(directories: readonly string[]): string {
  const sources = new Map(directories.flatMap((directory) => templatesIn(directory)));
  const knownHelpers = Object.fromEntries(HELPERS.map((name) => [name, true]));
  const isPartial = (name: string) =>
    [name, `web-ui/partials/${name}`, `web-ui/layouts/${name}`].some((view) => sources.has(view));
  const views: string[] = [];
  const faults: string[] = [];
  for (const [view, source] of sources) {
    try {
      const ast = Handlebars.parse(source);
      faults.push(...checkTemplate(view, source, ast, isPartial));
      const options = { ...COMPILE, noEscape: view.endsWith('.txt'), knownHelpers };
      views.push(`${JSON.stringify(view)}: ${String(Handlebars.precompile(ast, options))}`);
    } catch (error) {
      faults.push(`${view}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (faults.length > 0) throw new TemplateFaults(faults);
  return `{${views.join(',\n')}}`;
}

/** Every fault of every template, so that they are mended in one go. */
export class TemplateFaults extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`templates have faults:\n  ${faults.join('\n  ')}`);
    this.name = 'TemplateFaults';
    this.faults = faults;
  }
}

/** Where the rooms keep their views. */
export function viewDirectories(root = resolve(import.meta.dirname, '..', '..', '..')): string[] {
  return globSync(['libs/*/src', 'apps/appliance'], { cwd: root })
    .map((directory) => join(root, directory))
    .sort();
}

function templatesIn(directory: string): [view: string, source: string][] {
  const room = basename(directory) === 'src' ? basename(dirname(directory)) : basename(directory);
  const files = globSync('**/*.hbs', { cwd: directory, exclude: ['**/node_modules/**', 'test/**'] });
  return files
    .sort()
    .map((file) => [
      `${room}/${file.split(sep).join('/').slice(0, -'.hbs'.length)}`,
      readFileSync(join(directory, file), 'utf8'),
    ]);
}
