import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** As much of OpenAPI 3.1 as is looked at here. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, unknown>> }>>>
  >;
  /** What is sent to programs (libs/webhooks). */
  readonly webhooks: Readonly<Record<string, unknown>>;
  readonly components: {
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly securitySchemes: {
      readonly oauth2: {
        readonly flows: { readonly clientCredentials: { readonly scopes: Readonly<Record<string, string>> } };
      };
    };
    readonly schemas: Readonly<Record<string, { readonly properties: Readonly<Record<string, unknown>> }>>;
  };
}

/** What the sealing API promises to programs; openapi.json lies beside this file, in source and when built. */
export const openApi = JSON.parse(readFileSync(join(import.meta.dirname, 'openapi.json'), 'utf8')) as OpenApiDocument;
