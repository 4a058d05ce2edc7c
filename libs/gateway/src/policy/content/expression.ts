import { RE2JS, RE2JSException } from 're2js';
import type { ContentDetector } from './detector.ts';

/** 1000 characters: an expression that a person can still read. */
export const MAX_EXPRESSION_CHARACTERS = 1000;

/** An operator's expression that is none, in its engine's words. */
export class ExpressionFault extends Error {}

/**
 * An expression in RE2's syntax: no look-around, no back-references, time linear in the text whatever it says, so that neither
 * an operator's slip nor a mail made for it can hold the gateway up. Upper and lower case are the same.
 *
 * @throws ExpressionFault
 */
export function compileExpression(source: string): RE2JS {
  if (source.length > MAX_EXPRESSION_CHARACTERS) {
    throw new ExpressionFault(`is longer than ${MAX_EXPRESSION_CHARACTERS} characters`);
  }
  const compiled = compile(source);
  if (compiled.matcher('').matches()) throw new ExpressionFault('matches where there is nothing, and so in every mail');
  return compiled;
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  } catch (cause) {
    if (!(cause instanceof RE2JSException)) throw cause;
    throw new ExpressionFault(cause.message, { cause });
  }
}

/** A name with `*` for anything and `?` for one character; upper and lower case are the same, and all of it must match. */
export function namePattern(pattern: string): (name: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  const compiled = compile(`(?s:${source})`);
  return (name) => compiled.matcher(name).matches();
}

/** Every different text that an expression matches. @throws ExpressionFault */
export function expression(source: string): ContentDetector {
  const compiled = compileExpression(source);
  return {
    id: source,
    *findIn(text) {
      const matcher = compiled.matcher(text);
      while (matcher.find()) yield matcher.group() ?? '';
    },
  };
}
