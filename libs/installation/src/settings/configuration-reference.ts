import { z } from 'zod';
import { settingsSchema } from './settings.ts';
import { VARIABLES } from './variables.ts';

interface Row {
  readonly path: string;
  readonly variable: string;
  readonly fallback: string;
  readonly meaning: string;
}

/** The page ops/configuration.md, made from the schema so that it cannot say anything else. */
export function configurationReference(): string {
  const rows = rowsOf(settingsSchema, '', undefined);
  return [
    '# Configuration',
    '',
    'Made from the schema in `libs/installation/src/settings/settings.ts` by its test; do not edit. Settings come from a YAML file named by `SEGL_CONFIG`, and from variables,',
    'which win. Lists in a variable are separated by commas. Every fault is reported, all at once, and ends the start with exit code 78.',
    '',
    '| setting | variable | default | what it is |',
    '|---|---|---|---|',
    ...rows.map(
      ({ path, variable, fallback, meaning }) =>
        `| \`${path}\` | ${variable} | ${fallback} | ${meaning.replaceAll('|', '\\|')} |`,
    ),
    '',
  ].join('\n');
}

function rowsOf(schema: z.ZodType, path: string, fallback: unknown): Row[] {
  let inner = schema;
  let value = fallback;
  let meaning = schema.description ?? '';
  let isOptional = false;
  for (;;) {
    meaning ||= inner.description ?? '';
    if (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) value ??= inner.def.defaultValue;
    else if (inner instanceof z.ZodOptional) isOptional = true;
    else break;
    inner = inner.unwrap() as z.ZodType;
  }
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([name, field]) =>
      rowsOf(field, path === '' ? name : `${path}.${name}`, undefined),
    );
  }
  if (inner instanceof z.ZodArray && inner.element instanceof z.ZodObject) {
    return [
      row(path, '`[]`', meaning),
      ...Object.entries(inner.element.shape as Record<string, z.ZodType>).flatMap(([name, field]) =>
        rowsOf(field, `${path}[].${name}`, undefined),
      ),
    ];
  }
  const told = value === undefined ? (isOptional ? '–' : 'required') : `\`${JSON.stringify(value)}\``;
  return [row(path, told, meaning)];
}

function row(path: string, fallback: string, meaning: string): Row {
  const variable = Object.keys(VARIABLES).find((name) => VARIABLES[name] === path);
  return { path, variable: variable === undefined ? '–' : `\`${variable}\``, fallback, meaning };
}
