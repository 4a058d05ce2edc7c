import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { plainAlerts } from './plain-alerts.ts';

const PROMTOOL = '/usr/bin/promtool';
const here = import.meta.dirname;
const METRICS = readFileSync(resolve(here, '../../libs/telemetry/src/metrics.ts'), 'utf8');
/** Of prom-client's own collection, as far as they are looked at. */
const OF_THE_PROCESS = [
  'nodejs_eventloop_lag_p99_seconds',
  'process_resident_memory_bytes',
  'process_cpu_seconds_total',
];

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

describe('the alerts', () => {
  const names = (parse(plainAlerts()) as Rules).groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));

  it('without Kubernetes are those of the chart (SEGL_TEST_WRITE=1 writes them anew)', () => {
    const page = join(here, 'alerts.yaml');
    if (process.env['SEGL_TEST_WRITE'] === '1') writeFileSync(page, plainAlerts());
    expect(readFileSync(page, 'utf8')).toBe(plainAlerts());
    expect(names.length).toBeGreaterThan(10);
  });

  it('each have what to do about them in the runbook, and the runbook knows no others', () => {
    const runbook = readFileSync(resolve(here, '../runbooks/alerts.md'), 'utf8');
    const headings = [...runbook.matchAll(/^## (\S+)$/gm)].map(([, name]) => name);
    expect(headings.toSorted()).toEqual(names.toSorted());
  });

  it('each fire, and keep silent, in a test of their own', () => {
    const tests = readFileSync(join(here, 'alerts-tests.yaml'), 'utf8');
    const tried = (parse(tests) as { tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[] })
      .tests;
    const cases = tried.flatMap(({ alert_rule_test: each }) => each);
    for (const name of names) {
      const ofIt = cases.filter(({ alertname }) => alertname === name);
      expect([name, ofIt.some((one) => one.exp_alerts?.length), ofIt.some((one) => !one.exp_alerts?.length)]).toEqual([
        name,
        true,
        true,
      ]);
    }
  });

  (existsSync(PROMTOOL) ? it : it.skip)('are taken by Prometheus’ own tool, and fire when they should', () => {
    for (const given of [
      ['check', 'rules', 'alerts.yaml'],
      ['test', 'rules', 'alerts-tests.yaml'],
    ]) {
      const { status, stdout, stderr } = spawnSync(PROMTOOL, given, { cwd: here, encoding: 'utf8' });
      expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
    }
  });
});

describe('the dashboard', () => {
  const dashboard = JSON.parse(readFileSync(join(here, 'segl.json'), 'utf8')) as {
    panels: { id: number; title: string; type: string; targets?: { expr: string }[] }[];
  };

  it('asks for metrics that there are', () => {
    const asked = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(asked.length).toBeGreaterThan(10);
    const metrics = new Set(asked.join(' ').match(/\b(?:segl|nodejs|process)_[a-z0-9_]+/g));
    for (const name of metrics) {
      const known = METRICS.includes(`'${name.replace(/(_seconds)_(count|bucket|sum)$/, '$1')}'`);
      expect([name, known || OF_THE_PROCESS.includes(name)]).toEqual([name, true]);
    }
  });

  it('has a title on each panel, and no two with one number', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { title } of dashboard.panels) expect(title).not.toBe('');
  });

  (existsSync(PROMTOOL) ? it : it.skip)('says nothing that Prometheus cannot read', () => {
    const asked = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const rules = { groups: [{ name: 'panels', rules: asked.map((expr, at) => ({ record: `panel_${at}`, expr })) }] };
    const place = mkdtempSync(join(tmpdir(), 'segl-panels-'));
    const file = join(place, 'panels.json');
    writeFileSync(file, JSON.stringify(rules).replaceAll('$job', 'segl'));
    const { status, stdout, stderr } = spawnSync(PROMTOOL, ['check', 'rules', file], { encoding: 'utf8' });
    rmSync(place, { recursive: true });
    expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
  });
});
