import { basename } from 'node:path';
import Handlebars from 'handlebars';
import type { Instant } from '#libs/vocabulary';
import { compiledViews, compileViews, HELPERS } from './compiled-views.ts';
import { formatBytes, formatInstant, url } from './format.ts';
import type { InstantStyle } from './format.ts';
import { directionOf, translate } from './locales/translate.ts';
import type { Locale, TextKey } from './locales/translate.ts';
import type { TextParams } from './locales/message.ts';

/** What a template may ask for beside its context. `page` is there for pages (as `@page`), not for mails. */
export interface ViewFacts {
  readonly locale: Locale;
  /** Makes a session when there is none, so it is only asked for by a page with a form. */
  readonly csrfToken?: () => string;
  readonly page?: object;
}

export interface ViewEngineOptions {
  /** Directories of rooms; every `.hbs` below is a view. Default: those of this build. */
  readonly directories?: readonly string[];
  /** IANA name of the zone in which times are shown. Default UTC. */
  readonly timeZone?: string;
}

/**
 * Templates of all rooms. A view is named after its file: `libs/passcode/src/verify-otp/enter-code.hbs` is
 * `passcode/verify-otp/enter-code`. Any view is also a partial under its name; those in web-ui's `layouts` and `partials`
 * under their file name alone. A page puts itself into a layout: `{{#> page title=(t "read.title")}} … {{/page}}`.
 * A file that ends in `.txt.hbs` is plain text (mails): nothing in it is escaped.
 *
 * Everything is compiled and checked by the build, or when the engine is made from the sources (threats.md A41): nothing is compiled later.
 */
export class ViewEngine {
  private readonly views = new Map<string, Handlebars.TemplateDelegate>();
  private readonly handlebars = Handlebars.create();

  /** @throws TemplateFaults with every fault of every template */
  constructor({ directories, timeZone = 'UTC' }: ViewEngineOptions = {}) {
    this.registerHelpers(timeZone);
    const compiled = directories === undefined ? compiledViews() : compileViews(directories);
    for (const [view, specification] of Object.entries(compiled)) {
      const template = this.handlebars.template(specification);
      this.views.set(view, template);
      this.handlebars.registerPartial(view, template);
      if (/^web-ui\/(layouts|partials)\//.test(view)) this.handlebars.registerPartial(basename(view), template);
    }
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
