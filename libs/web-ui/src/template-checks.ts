import Handlebars from 'handlebars';
import { parametersOfText } from './locales/translate.ts';

/** Forms that hand a carrier in: without a CSRF field, since they are posted from elsewhere too (PRODUCT.md, threats.md A18). */
const OPEN_ACTIONS = /\baction="(\/open|\{\{\s*(\.\.\/|@root\.)*openUrl\s*\}\})"/;

/**
 * What the compiler does not see: raw output, texts that do not exist or want other parameters, partials that do not exist,
 * scripts, and forms without a CSRF field. @returns one line for each fault
 */
export function checkTemplate(
  view: string,
  source: string,
  ast: hbs.AST.Program,
  isPartial: (name: string) => boolean,
): string[] {
  const faults: string[] = [];
  const at = (node: { loc: hbs.AST.SourceLocation }) => `${view}:${node.loc.start.line}:`;

  class Checks extends Handlebars.Visitor {
    private readonly inline = new Set<string>();

    override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
      // `escaped` is there in every syntax tree, though the types do not list it on all versions
      if (!statement.escaped) faults.push(`${at(statement)} raw output ({{{ or {{&) is not allowed`);
      this.checkText(statement.path as hbs.AST.PathExpression, statement.params, statement.hash, statement);
      super.MustacheStatement(statement);
    }

    override SubExpression(expression: hbs.AST.SubExpression): void {
      this.checkText(expression.path as hbs.AST.PathExpression, expression.params, expression.hash, expression);
      super.SubExpression(expression);
    }

    override DecoratorBlock(block: hbs.AST.DecoratorBlock): void {
      const name = block.params[0];
      if (name?.type === 'StringLiteral') this.inline.add((name as hbs.AST.StringLiteral).value);
      super.DecoratorBlock(block);
    }

    override PartialStatement(partial: hbs.AST.PartialStatement): void {
      const name = partial.name.type === 'PathExpression' ? (partial.name as hbs.AST.PathExpression).original : null;
      if (name === null) faults.push(`${at(partial)} a partial is named, never computed`);
      else if (name !== '@partial-block' && !isPartial(name) && !this.inline.has(name))
        faults.push(`${at(partial)} no partial "${name}"`);
      super.PartialStatement(partial);
    }

    private checkText(
      path: hbs.AST.PathExpression,
      params: hbs.AST.Expression[],
      hash: hbs.AST.Hash | undefined,
      node: hbs.AST.Node,
    ) {
      if (path.original !== 't') return;
      const [key] = params;
      if (key?.type !== 'StringLiteral') return; // chosen at run time: its type is TextKey where it is chosen
      const name = (key as hbs.AST.StringLiteral).value;
      const wanted = parametersOfText(name);
      const given = (hash?.pairs ?? []).map((pair) => pair.key).sort();
      if (wanted === null) faults.push(`${at(node)} no text "${name}"`);
      else if (wanted.join() !== given.join())
        faults.push(`${at(node)} the text "${name}" wants (${wanted.join()}), not (${given.join()})`);
    }
  }

  new Checks().accept(ast);
  if (/<script\b|\son[a-z]+\s*=/i.test(source)) faults.push(`${view}: no scripts: everything works without`);
  for (const [form] of source.matchAll(/<form\b.*?<\/form>/gis)) {
    if (/\bmethod="post"/i.test(form) && !OPEN_ACTIONS.test(form) && !/\{\{>\s*csrf\s*\}\}/.test(form))
      faults.push(`${view}: a form without {{> csrf}}`);
  }
  return faults;
}
