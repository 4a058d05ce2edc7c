import { z } from 'zod';
import { questionFields } from '../door/question.ts';
import type { Question } from '../door/question.ts';

/** Which export is asked for. */
export const exportFields = {
  ...questionFields,
  /** Default ndjson. */
  form: z.enum(['ndjson', 'csv']).optional(),
  /** Of everything: only what came after a checkpoint of this size. */
  since: z.int().min(0).optional(),
  /** Of a selection: only what stands at this leaf of the ledger or behind it. */
  fromIndex: z.int().min(0).optional(),
};
type Given = z.output<z.ZodObject<typeof exportFields>> & { readonly why: unknown; readonly approval?: unknown };

/** Of `since` and `fromIndex`, which does not go with the rest. */
export function checkPlace({ value, issues }: z.core.ParsePayload<Given>): void {
  const { form, since, fromIndex, why: _why, approval: _approval, ...question } = value;
  const isSelection = form === 'csv' || !isOfAll(question);
  const wrong =
    isSelection && since !== undefined ? 'since' : !isSelection && fromIndex !== undefined ? 'fromIndex' : null;
  if (wrong === null) return;
  const message =
    wrong === 'since' ? 'goes with all of the record as NDJSON alone' : 'goes with a selection, or CSV, alone';
  issues.push({ code: 'custom', input: value, path: [wrong], message });
}

export function isOfAll(question: Question): boolean {
  return Object.values(question).every((field) => field === undefined);
}
