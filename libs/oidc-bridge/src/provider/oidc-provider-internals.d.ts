/** What the library resolved its configuration to. Not part of its API: see assert-configuration.ts, which needs nothing less. */
declare module 'oidc-provider/lib/helpers/weak_cache.js' {
  import type { Provider } from 'oidc-provider';

  interface Internals {
    readonly configuration: Readonly<Record<string, unknown>>;
    readonly jwks: { readonly keys: readonly { readonly kid: string }[] };
    readonly Adapter: unknown;
  }

  export default function instance(provider: Provider): Internals | undefined;
}
