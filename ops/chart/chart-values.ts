import { z } from 'zod';
import { settingsSchema } from '#libs/installation';
import { backup, clusterStores, placement, reachability } from './chart-values-of-a-cluster.ts';

const { organisation, passcode, smtp } = settingsSchema.shape;
const PORTS_OF_MAIL = { host: true, port: true, tlsPort: true } as const;

/** What the chart decides itself: ports, places, roles and stores are not an operator's to write twice. */
const OWNED = {
  publicUrl: true,
  relayUrl: true,
  httpHost: true,
  httpPort: true,
  managementHost: true,
  managementPort: true,
  dataDir: true,
  roles: true,
  eventStore: true,
  ephemeralStore: true,
  personKeys: true,
  stores: true,
  keyring: true,
} as const;

/**
 * Every value of helm/segl. `values.schema.json` and the table of its README are made from this by a test; what the appliance itself
 * is configured by comes from its own schema, so that Helm refuses what the appliance would.
 */
export const chartValues = z
  .strictObject({
    publicUrl: z.string().describe('where readers reach the portal: https://, a host, perhaps a port'),
    relayUrl: z
      .string()
      .regex(/^$|^\s*(smtps?|mx):\/\/[^/\s]\S*(\s+(smtps?|mx):\/\/[^/\s]\S*)*\s*$/)
      .describe(
        'next hop for carriers and code mails: smtp:// or smtps://, or mx:// for the mail exchangers of a name; several with spaces between are tried in that order',
      ),
    mode: z
      .enum(['embedded', 'cluster'])
      .describe(
        '`embedded`: one pod, everything in one volume. `cluster`: portals, gateways and a console, on servers of yours',
      ),
    settings: settingsSchema
      .omit(OWNED)
      .extend({
        organisation: organisation.partial(),
        passcode: passcode.partial(),
        smtp: smtp.unwrap().omit(PORTS_OF_MAIL),
      })
      .partial()
      .describe(
        'the appliance’s own settings, as ops/configuration.md names them, but for what the chart decides: ports, places, roles, stores',
      ),
    ...placement,
    ...clusterStores,
    backup: backup.describe('mode embedded'),
    ...reachability,
  })
  .describe('The values of the chart segl');

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** As Helm reads it (JSON Schema 2020-12). */
export function chartValuesSchema(): JsonSchema {
  return z.toJSONSchema(chartValues, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // A name that is none is a typing error, and would be silently without effect.
      if (jsonSchema.properties !== undefined) jsonSchema.additionalProperties ??= false;
      // JSON Schema has no flags: what is the same in capitals is left for the appliance to judge.
      if (/"\^#\[0-9a-f\]/.test(JSON.stringify(jsonSchema.pattern ?? ''))) delete jsonSchema.pattern;
      // It leaves this out where an address has a pattern as well.
      if (zodSchema instanceof z.ZodURL) jsonSchema.format = 'uri';
      if (zodSchema instanceof z.ZodDefault) delete jsonSchema.default; // stated in ops/configuration.md, once
    },
  });
}
