import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import Handlebars from 'handlebars';
import type { Instant } from '#libs/vocabulary';
import { formatBytes, formatInstant, url } from './format.ts';
import type { InstantStyle } from './format.ts';
import { directionOf, translate } from './locales/translate.ts';
import type { Locale, TextKey } from './locales/translate.ts';
import type { TextParams } from './locales/message.ts';
import { checkTemplate } from './template-checks.ts';

/** What a template may ask for beside its context. `page` is there for pages (as `@page`), not for mails. */
export interface ViewFacts {
  readonly locale: Locale;
  /** Makes a session when there is none, so it is only asked for by a page with a form. */
  readonly csrfToken?: () => string;
  readonly page?: object;
}

export interface ViewEngineOptions {
  /** Directories of rooms; every `.hbs` below is a view. Default: those of this build (see viewDirectories). */
  readonly directories?: readonly string[];
  /** IANA name of the zone in which times are shown. Default UTC. */
  readonly timeZone?: string;
}

/** What every template is compiled with: a missing value, an unknown helper or a mistyped partial is an error, never a gap. */
const COMPILE = { strict: true, preventIndent: true, knownHelpersOnly: true } as const;
const HELPERS = ['t', 'url', 'formatInstant', 'formatBytes', 'csrfToken'] as const;

/**
 * Templates of all rooms. A view is named after its file: `libs/passcode/src/verify-otp/enter-code.hbs` is
 * `passcode/verify-otp/enter-code`. Any view is also a partial under its name; those in web-ui's `layouts` and `partials`
 * under their file name alone. A page puts itself into a layout: `{{#> page title=(t "read.title")}} … {{/page}}`.
 * A file that ends in `.txt.hbs` is plain text (mails): nothing in it is escaped.
 *
 * Everything is compiled and checked when the engine is made (threats.md A41): nothing is compiled at run time.
 */
export class ViewEngine {
  private readonly views = new Map<string, Handlebars.TemplateDelegate>();
  private readonly handlebars = Handlebars.create();

  /** @throws TemplateFaults with every fault of every template */
  constructor({ directories = viewDirectories(), timeZone = 'UTC' }: ViewEngineOptions = {}) {
    this.registerHelpers(timeZone);
    const sources = new Map(directories.flatMap((directory) => templatesIn(directory)));
    const faults: string[] = [];
    for (const [view, source] of sources) {
      const isText = view.endsWith('.txt');
      const options = {
        ...COMPILE,
        noEscape: isText,
        knownHelpers: Object.fromEntries(HELPERS.map((name) => [name, true])),
      };
      try {
        const ast = this.handlebars.parse(source);
        faults.push(
          ...checkTemplate(
            view,
            source,
            ast,
            (partial) =>
              sources.has(partial) ||
              sources.has(`web-ui/partials/${partial}`) ||
              sources.has(`web-ui/layouts/${partial}`),
          ),
        );
        this.handlebars.precompile(ast, options); // `compile` waits for the first use: this throws now
        const template = this.handlebars.compile(source, options);
        this.views.set(view, template);
        this.handlebars.registerPartial(view, template);
        if (/^web-ui\/(layouts|partials)\//.test(view)) this.handlebars.registerPartial(basename(view), template);
      } catch (error) {
        faults.push(`${view}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (faults.length > 0) throw new TemplateFaults(faults);
  }

  has(view: string): boolean {
    return this.views.has(view);
  }

  /**
   * @param context plain objects: only own properties are read, a missing one is an error
   * @throws TypeError for an unknown view or a missing value
   */
  render(view: string, context: object, facts: ViewFacts): string {
    const template = this.views.get(view);
    if (template === undefined) throw new TypeError(`no view "${view}"`);
    return template(context, { data: { ...facts, isRightToLeft: directionOf(facts.locale) === 'rtl' } });
  }

  private registerHelpers(timeZone: string): void {
    const helpers: Record<(typeof HELPERS)[number], (...args: never[]) => string> = {
      t: (key: TextKey, { data, hash }: Handlebars.HelperOptions) =>
        translate((data as ViewFacts).locale, key, hash as TextParams),
      url: (...args: unknown[]) => {
        const { hash } = args.pop() as Handlebars.HelperOptions;
        return url(args[0], args.slice(1), hash);
      },
      formatInstant: (instant: Instant, { data, hash }: Handlebars.HelperOptions) =>
        formatInstant(
          (data as ViewFacts).locale,
          instant,
          (hash['style'] as InstantStyle | undefined) ?? 'full',
          timeZone,
        ),
      formatBytes: (bytes: number, { data }: Handlebars.HelperOptions) =>
        formatBytes((data as ViewFacts).locale, bytes),
      csrfToken: ({ data }: Handlebars.HelperOptions) => {
        const token = (data as ViewFacts).csrfToken;
        if (token === undefined) throw new TypeError('a form outside a page');
        return token();
      },
    };
    for (const name of HELPERS) this.handlebars.registerHelper(name, helpers[name] as Handlebars.HelperDelegate);
  }
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

/** Where the rooms of this build keep their views: the same tree in the sources and in `dist`. */
export function viewDirectories(root = resolve(import.meta.dirname, '..', '..', '..')): string[] {
  return globSync(['libs/*/src', 'apps/appliance'], { cwd: root })
    .map((directory) => join(root, directory))
    .sort();
}

function templatesIn(directory: string): [view: string, source: string][] {
  const room = basename(directory) === 'src' ? basename(dirname(directory)) : basename(directory);
  return globSync('**/*.hbs', { cwd: directory, exclude: ['**/node_modules/**', 'test/**'] }).map((file) => [
    `${room}/${file.split(sep).join('/').slice(0, -'.hbs'.length)}`,
    readFileSync(join(directory, file), 'utf8'),
  ]);
}
