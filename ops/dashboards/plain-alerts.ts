import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the alerts are kept: as the chart installs them. */
const OF_THE_CHART = join(import.meta.dirname, '..', '..', 'helm', 'segl', 'alerts.yaml');

/** The same alerts for a Prometheus without Kubernetes, which scrapes every process under `job: segl`. */
export function plainAlerts(): string {
  const [first = '', ...rest] = readFileSync(OF_THE_CHART, 'utf8').split('\n');
  if (!first.startsWith('{{- $here :=')) throw new Error('the alerts of the chart begin with what they look at');
  const rules = rest.join('\n').replaceAll('{ {{ $here }}', '{job="segl"').replaceAll('" }', '"}');
  if (rules.includes('{{')) throw new Error('the alerts of the chart know a word more than $here');
  const indented = rules.trimEnd().replaceAll(/^(?=.)/gm, '      ');
  return `# Written from helm/segl/alerts.yaml: SEGL_TEST_WRITE=1 npm test -- ops/dashboards\ngroups:\n  - name: segl\n    rules:\n${indented}\n`;
}
