import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { viewDirectories } from './compiled-views.ts';
import { ViewEngine } from './view-engine.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'segl-views-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function engine(templates: Record<string, string>): ViewEngine {
  for (const [file, source] of Object.entries(templates)) {
    mkdirSync(dirname(join(root, 'libs/room/src', file)), { recursive: true });
    writeFileSync(join(root, 'libs/room/src', file), source);
  }
  return new ViewEngine({ directories: [join(root, 'libs/room/src')], timeZone: 'Europe/Copenhagen' });
}
const english = { locale: 'en' } as const;

describe('the templates of this build', () => {
  it('all compile, and every text, partial and helper in them exists', () => {
    const views = new ViewEngine();
    for (const view of ['web-ui/layouts/page', 'web-ui/errors/error-page', 'web-ui/privacy/privacy-page'])
      expect(views.has(view)).toBe(true);
    expect(viewDirectories().some((directory) => directory.endsWith(join('libs', 'web-ui', 'src')))).toBe(true);
  });
});

describe('a view', () => {
  it('is named after its place, and speaks the language asked for', () => {
    const views = engine({
      'step/page.hbs': '{{t "page.sealedBy" organisation=name}} {{formatInstant at style="date"}}',
    });
    const context = { name: '<A&B>', at: '2026-11-25T10:00:00.000Z' };
    expect(views.render('room/step/page', context, english)).toBe(
      'Sealed message from &lt;A&amp;B&gt; 25 November 2026',
    );
    expect(views.render('room/step/page', context, { locale: 'da' })).toBe(
      'Forseglet besked fra &lt;A&amp;B&gt; 25. november 2026',
    );
    expect(() => views.render('room/nowhere', {}, english)).toThrow('no view "room/nowhere"');
  });

  it('puts itself into a layout and uses partials, its own and others', () => {
    const views = engine({
      'layout.hbs': '<{{title}}>{{> @partial-block}}</{{title}}>',
      'part.hbs': '{{word}}!',
      'page.hbs': '{{#> room/layout title="b"}}{{#each words}}{{> room/part word=this}}{{/each}}{{/room/layout}}',
    });
    expect(views.render('room/page', { words: ['hej', '<i>'] }, english)).toBe('<b>hej!&lt;i&gt;!</b>');
  });

  it('of plain text is not escaped', () => {
    expect(engine({ 'mail.txt.hbs': 'Dear {{name}}' }).render('room/mail.txt', { name: "O'Neill & Co" }, english)).toBe(
      "Dear O'Neill & Co",
    );
  });

  it('with something missing is an error, and what is inherited is never shown', () => {
    const views = engine({ 'page.hbs': '{{name}}', 'own.hbs': '{{constructor}}', 'proto.hbs': '{{__proto__.x}}' });
    expect(() => views.render('room/page', {}, english)).toThrow('"name" not defined');
    expect(views.render('room/own', {}, english)).toBe(''); // inherited is not missing to the compiler, yet never shown
    expect(() => views.render('room/proto', {}, english)).toThrow();
  });
});

describe('what stops the start', () => {
  it.each([
    ['raw output', '{{{name}}}', 'raw output'],
    ['raw output, the other way', '{{&name}}', 'raw output'],
    ['a text that does not exist', '{{t "page.nowhere"}}', 'no text "page.nowhere"'],
    ['a text that does not exist, inside a call', '{{#> page title=(t "page.no")}}x{{/page}}', 'no text "page.no"'],
    ['a parameter too few', '{{t "page.sealedBy"}}', 'wants (organisation), not ()'],
    ['a parameter too many', '{{t "page.privacy" name=name}}', 'wants (), not (name)'],
    ['a helper that does not exist', '{{nosuch name}}', 'nosuch'],
    ['a partial that does not exist', '{{> nosuch}}', 'no partial "nosuch"'],
    ['a computed partial', '{{> (lookup . "which")}}', 'never computed'],
    ['a script', '<script src="/x"></script>', 'no scripts'],
    ['a script in an attribute', '<a onclick="x()">', 'no scripts'],
    ['a form without a token', '<form method="post" action="/x"><button>x</button></form>', 'a form without'],
    ['what is no template', '{{#if a}}', 'Parse error'],
  ])('%s', (_, source, fault) => {
    expect(() => engine({ 'page.hbs': source })).toThrow(fault);
  });

  it('is reported all at once', () => {
    expect(() => engine({ 'a.hbs': '{{{x}}}', 'b.hbs': '{{> nosuch}}' })).toThrow(/room\/a:1[^]*room\/b:1/);
  });

  it('is not a form that hands a carrier in', () => {
    expect(
      engine({
        'a.hbs': '<form method="post" action="/open"></form><form method="post" action="{{openUrl}}"></form>',
      }).has('room/a'),
    ).toBe(true);
  });
});
