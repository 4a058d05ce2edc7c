import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** As much of OpenAPI 3.1 as is looked at: paths and components that join the rest of the API in one document. */
export interface OpenApiPart {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, unknown>> }>>>
  >;
  readonly components: {
    readonly securitySchemes: {
      readonly oauth2: {
        readonly flows: { readonly clientCredentials: { readonly scopes: Readonly<Record<string, string>> } };
      };
    };
    readonly schemas: Readonly<Record<string, object>>;
  };
}

/** What this room promises to programs; openapi.json lies beside this file, in source and when built. */
export const auditApi = JSON.parse(readFileSync(join(import.meta.dirname, 'openapi.json'), 'utf8')) as OpenApiPart;
