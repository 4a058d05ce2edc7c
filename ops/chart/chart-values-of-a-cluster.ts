import { z } from 'zod';
import { settingsSchema } from '#libs/installation';

const text = z.string();
const labels = z.record(z.string(), z.string());
/** What Kubernetes has a schema of its own for: the API server judges it. */
const asKubernetesHasIt = z.record(z.string(), z.unknown());
const peers = z.array(asKubernetesHasIt);
const count = z.int().min(1);
/** As a Service may be named (RFC 1035 label), which is the narrowest of what it ends up in; empty for the chart's own. */
const namePart = z.string().regex(/^$|^[a-z]([-a-z0-9]*[a-z0-9])?$/);
const quantity = z.string().regex(/^[0-9.]+([EPTGMk]i?)?$/);

const resources = asKubernetesHasIt.describe(
  'requests and limits, as Kubernetes has them; there is no limit of processors by default',
);
const persistence = z
  .strictObject({
    size: quantity.describe('size of the volume'),
    storageClass: text.describe('its class; empty: the cluster’s default'),
    existingClaim: text.describe('instead: the name of a claim that is there'),
  })
  .describe('the volume; it stays when the release is uninstalled');

function disruptionBudget(meaning: string) {
  return z.strictObject({
    enabled: z.boolean().describe(meaning),
    maxUnavailable: z.union([count, z.string().regex(/^\d+%$/)]).describe('how many may go at once'),
  });
}

/** A backup each night, made in the one pod of mode embedded. */
export const backup = z.strictObject({
  enabled: z.boolean().describe('mode embedded: whether a container of the pod makes a backup each night'),
  recipients: z
    .array(z.string().regex(/^age1[a-z0-9]+$/))
    .describe('who can open them, as `segl keys backup-identity` prints it'),
  at: z
    .string()
    .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/)
    .describe('when, in UTC'),
  keepDays: count.describe('days that one is kept; people who are erased live on in older ones'),
  persistence,
  resources,
});

/** Images, keys and files: what a pod is made of. */
export const placement = {
  global: z.strictObject({
    imageRegistry: text.describe('registry, and path in it, that every image comes from: for closed networks'),
    imagePullSecrets: z.array(text).describe('names of Secrets to pull images with'),
  }),
  image: z.strictObject({
    registry: text.describe('registry of Segl’s image, where `global.imageRegistry` is empty'),
    repository: text.min(1).describe('name of Segl’s image'),
    tag: text.describe('its tag; empty: the chart’s appVersion'),
    digest: z
      .string()
      .regex(/^$|^sha256:[0-9a-f]{64}$/)
      .describe('its digest, in place of the tag'),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).describe('when it is pulled'),
  }),
  keys: z.strictObject({
    existingSecret: text.describe(
      'Secret that holds the files of a keyring (`segl keys init`); empty in mode embedded: made once, in the volume',
    ),
    volume: asKubernetesHasIt.describe(
      'instead: a volume with these files, such as `csi:` of an external secret store',
    ),
  }),
  secrets: z.array(text).describe('Secrets for files that settings name, each at /run/secrets/<name>'),
  files: z.array(text).describe('ConfigMaps for files that settings name (a logo), each at /run/files/<name>'),
  environment: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), text)
    .describe(
      'further variables of Segl’s processes, such as `NODE_EXTRA_CA_CERTS: /run/files/<name>/ca.crt`; no `SEGL_…`, whose place is `settings`, and no secrets',
    ),
  podUser: z
    .int()
    .min(1)
    .nullable()
    .optional()
    .describe(
      'user and group of Segl’s pods, and of their volumes; `null`: as the namespace gives them, which OpenShift wants',
    ),
  podAnnotations: labels.describe('further annotations of Segl’s pods'),
  podLabels: labels.describe('further labels of Segl’s pods'),
  nodeSelector: labels.describe('which nodes, for Segl’s pods'),
  tolerations: peers.describe('the same, as tolerations'),
  affinity: asKubernetesHasIt.describe('the same, as affinity; portals are spread over nodes and zones in any case'),
  priorityClassName: text.describe('priority class of Segl’s pods'),
  nameOverride: namePart.describe('in place of the chart’s name, in names and labels'),
  fullnameOverride: namePart.describe('in place of release and chart, in names; at most 40 characters'),
};

function store(kind: {
  readonly url: string;
  readonly secret: string;
  readonly key: 'credentialsKey' | 'passwordKey';
}) {
  return {
    url: text.describe(kind.url),
    existingSecret: text.describe(`Secret that holds ${kind.secret}`),
    [kind.key]: text.min(1).describe('its key in that Secret'),
    caKey: text.describe('key, in that Secret, of the certificate authority (PEM); empty: the system’s authorities'),
  };
}

export const clusterStores = {
  eventStore: z.strictObject({
    ...store({
      url: 'mode cluster: esdb://<host> or esdb+discover://<host>',
      secret: 'user and password, as `user:password` on one line',
      key: 'credentialsKey',
    }),
    trial: z.strictObject({
      enabled: z.boolean().describe('mode cluster: bring one EventStoreDB node along, for trying, without TLS'),
      image: text.describe('its image'),
      storage: quantity.describe('size of its volume'),
    }),
  }),
  ephemeralStore: z.strictObject({
    ...store({ url: 'mode cluster: rediss://<host>', secret: 'the password', key: 'passwordKey' }),
    vouchedFor: settingsSchema.shape.stores
      .unwrap()
      .shape.ephemeralVouchedFor.unwrap()
      .describe(
        'what you vouch for of a managed server that does not let INFO or CONFIG be asked: `stores.ephemeralVouchedFor` of ops/configuration.md',
      ),
    trial: z.strictObject({
      enabled: z.boolean().describe('mode cluster: bring one Valkey along, for trying, without TLS'),
      image: text.describe('its image'),
    }),
  }),
  personKeys: z.strictObject(
    store({ url: 'mode cluster: postgres://<user>@<host>/<database>', secret: 'the password', key: 'passwordKey' }),
  ),
  appliance: z.strictObject({ persistence, resources }).describe('mode embedded'),
  portal: z
    .strictObject({
      replicas: count.describe('how many'),
      autoscaling: z.strictObject({
        enabled: z.boolean().describe('whether their number follows the load'),
        minReplicas: count.describe('how many at least'),
        maxReplicas: count.describe('how many at most'),
        targetCpuPercent: z.int().min(1).max(100).describe('per cent of the requested processor time to aim at'),
      }),
      disruptionBudget: disruptionBudget('whether nodes that are drained leave portals standing'),
      resources,
    })
    .describe('mode cluster'),
  gateway: z
    .strictObject({
      replicas: count.describe('how many, each with an outbox of its own'),
      disruptionBudget: disruptionBudget(
        'whether nodes that are drained leave gateways standing, where they are several',
      ),
      persistence,
      resources,
    })
    .describe('mode cluster'),
  console: z.strictObject({ persistence, resources }).describe('mode cluster; there is one'),
};

export const reachability = {
  listenHost: z.enum(['0.0.0.0', '::']).describe('`::` where pods have addresses of IPv6'),
  service: z.strictObject({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).describe('of the Services that readers reach'),
    port: z.int().min(1).max(65535).describe('their port'),
    annotations: labels.describe('their annotations'),
  }),
  mailService: z.strictObject({
    type: z
      .enum(['ClusterIP', 'NodePort', 'LoadBalancer'])
      .describe('of the Service that mail servers reach, once `settings.smtp.clients` has one'),
    port: z.int().min(1).max(65535).describe('its port for SMTP, with STARTTLS where there is a certificate'),
    tlsPort: z
      .int()
      .min(1)
      .max(65535)
      .describe('its port for SMTP with TLS from the first byte, where there is a certificate'),
    annotations: labels.describe('its annotations'),
  }),
  ingress: z.strictObject({
    enabled: z.boolean().describe('whether an Ingress leads the host of `publicUrl`, and `settings.formerHosts`, here'),
    className: text.describe('its class'),
    tlsSecret: text.describe('Secret with certificate and key of all of them'),
    annotations: labels.describe(
      'its annotations; let bodies be as large as the largest carrier, about 1.4 × sealing.maxMailBytes',
    ),
  }),
  gatewayApi: z.strictObject({
    enabled: z
      .boolean()
      .describe('whether an HTTPRoute leads the host of `publicUrl`, and `settings.formerHosts`, here'),
    parentRefs: peers.describe('the Gateways it belongs to'),
    annotations: labels.describe('its annotations'),
  }),
  networkPolicy: z.strictObject({
    enabled: z.boolean().describe('whether pods speak with nobody but those they need'),
    readersFrom: peers.describe(
      'who may reach the public port, such as the ingress controller; the release’s own pods may in any case; empty: everybody',
    ),
    mailFrom: peers.describe('who may reach the ports for SMTP: your mail servers; empty: everybody'),
    watchersFrom: peers.describe('who may reach the management port, such as Prometheus; empty: `helm test` alone'),
    relayTo: peers.describe('where the relay is; empty: anywhere, at its port'),
    storesTo: peers.describe('where the stores are; empty: anywhere, at their ports'),
    providersTo: peers.describe(
      'where identity providers are, at the ports of their addresses, once `settings.signIn` has one; by default all but private networks, and the `privateAddresses` of a provider',
    ),
  }),
  serviceMonitor: z.strictObject({
    enabled: z.boolean().describe('whether Prometheus is asked to scrape (prometheus-operator)'),
    interval: text.describe('how often'),
    labels: labels.describe('by which Prometheus finds it'),
  }),
  prometheusRule: z.strictObject({
    enabled: z.boolean().describe('whether the alerts of `alerts.yaml` are installed (prometheus-operator)'),
    labels: labels.describe('by which Prometheus finds them'),
  }),
};
