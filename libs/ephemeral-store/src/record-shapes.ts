import type { ParseJson } from './json-records.ts';

/** Whether a value read back is what one field of a record should hold. */
export type FieldCheck = (value: unknown) => boolean;

/** Every field that a record has, and what each holds: one that is forgotten here is an error of the compiler. */
export type Shape<T> = { readonly [Field in keyof T]-?: FieldCheck };

export const isText: FieldCheck = (value) => typeof value === 'string';
export const isNumber: FieldCheck = (value) => typeof value === 'number';
export const isFlag: FieldCheck = (value) => typeof value === 'boolean';

export const oneOf =
  (...texts: readonly string[]): FieldCheck =>
  (value) =>
    texts.some((text) => text === value);

export const orNull =
  (check: FieldCheck): FieldCheck =>
  (value) =>
    value === null || check(value);

/** A field that may be absent, or that an older release did not write. */
export const orAbsent =
  (check: FieldCheck): FieldCheck =>
  (value) =>
    value === undefined || check(value);

export const listOf =
  (check: FieldCheck): FieldCheck =>
  (value) =>
    Array.isArray(value) && value.every(check);

/** An object with names of any kind, all of whose values are as `check` says. */
export const tableOf =
  (check: FieldCheck): FieldCheck =>
  (value) =>
    isObject(value) && Object.values(value).every(check);

/** As a field of another record. */
export function recordLike<T extends object>(shape: Shape<T>): FieldCheck {
  return (value) => isObject(value) && Object.entries<FieldCheck>(shape).every(([name, check]) => check(value[name]));
}

/**
 * Reads a record that this house wrote itself: the checks tell one release's shape from another's, and a record of another
 * shape reads as absent. Fields that the shape does not name are kept.
 */
export function recordOf<T extends object>(shape: Shape<T>): ParseJson<T> {
  const isLike = recordLike(shape);
  return (json) => (isLike(json) ? (json as T) : null);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
