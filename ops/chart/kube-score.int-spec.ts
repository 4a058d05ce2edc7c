import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { toolPath } from '../judges/tools.mjs';
import { CHART } from './chart-page.ts';
import { EXAMPLES, HELM, render } from './rendered-chart.ts';
import { KUBERNETES } from './kubernetes-schemas.ts';

const kubeScore = toolPath('kube-score');

/** What kube-score would have otherwise, each with the objects that it says so of and the reason why it stays. */
const LEFT: readonly { readonly check: string; readonly of: RegExp; readonly because: string }[] = [
  {
    check: 'container-resources',
    of: /./,
    because:
      'it asks for limits of processor time, under which a process stands still though its node is idle; memory is bounded everywhere',
  },
  {
    check: 'container-image-pull-policy',
    of: /./,
    because:
      'Always asks the registry at each start, so that no pod starts while it is away; who wants it sets image.pullPolicy, and a digest says more',
  },
  {
    check: 'container-ephemeral-storage-request-and-limit',
    of: /./,
    because:
      'nothing is written to a node but logs, which the kubelet bounds: roots are read-only and scratch directories in bounded memory',
  },
  {
    check: 'deployment-has-host-podantiaffinity',
    of: /-portal$/,
    because: 'topologySpreadConstraints spread them over nodes and zones',
  },
  { check: 'statefulset-has-host-podantiaffinity', of: /-gateway$/, because: 'the same' },
  {
    check: 'statefulset-has-servicename',
    of: /-(appliance|gateway|console|ephemeral)$/,
    because: 'nobody asks one pod by its name, which a headless Service would be for',
  },
  {
    check: 'deployment-has-poddisruptionbudget',
    of: /-portal$/,
    because: 'the example of a cluster for trying switches it off',
  },
  {
    check: 'pod-networkpolicy',
    of: /-test$/,
    because:
      'the pod of `helm test` asks the Services and ends; what it may reach is bounded by their policies, and nobody asks it',
  },
  {
    check: 'container-security-context-user-group-id',
    of: /-(event-store|ephemeral)$/,
    because: 'images of others have the user that their files belong to; they are brought along for trying',
  },
  { check: 'pod-probes-identical', of: /-event-store$/, because: 'it is brought along for trying' },
];

interface Scored {
  readonly object_name: string;
  readonly checks: readonly {
    readonly check: { readonly id: string };
    /** 10 is all well, 7 almost, 5 a warning, 1 critical. */
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly path: string; readonly summary: string }[] | null;
  }[];
}

/** `check object: what it says`, for each check that is not content. */
function complaints(name: string): { readonly check: string; readonly object: string; readonly words: string }[] {
  const release = KUBERNETES.at(-1)?.split('.').slice(0, 2).join('.') ?? '';
  const { text } = render('--values', join(CHART, 'ci', name), '--kube-version', KUBERNETES.at(-1) ?? '');
  const argv = ['score', '--output-format', 'json', '--kubernetes-version', release, '-'];
  const { stdout } = spawnSync(kubeScore ?? '', argv, { input: text, encoding: 'utf8' });
  return (JSON.parse(stdout) as Scored[]).flatMap(({ object_name: object, checks }) =>
    checks
      .filter(({ grade, skipped }) => !skipped && grade < 10)
      .map(({ check, comments }) => ({
        check: check.id,
        object,
        words: (comments ?? []).map(({ path, summary }) => `${path} ${summary}`).join('; '),
      })),
  );
}

(HELM === null || kubeScore === null ? describe.skip : describe)('the chart, by kube-score', () => {
  const found = (name: string, { check, of }: (typeof LEFT)[number]) =>
    complaints(name).some((each) => each.check === check && of.test(each.object));

  it.each(EXAMPLES)('%s: it is content with everything but what is left on purpose', (name) => {
    const isLeft = ({ check, object }: { check: string; object: string }) =>
      LEFT.some((each) => each.check === check && each.of.test(object));
    expect(complaints(name).filter((each) => !isLeft(each))).toEqual([]);
  });

  it('nothing is listed as left that it would not say', () => {
    expect(LEFT.filter((left) => !EXAMPLES.some((name) => found(name, left)))).toEqual([]);
  });
});
