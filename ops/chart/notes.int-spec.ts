import { describe, expect, it } from '@jest/globals';
import { example, EXAMPLES, HELM, notesOf } from './rendered-chart.ts';

(HELM === null ? describe.skip : describe)('what is printed after an install', () => {
  it.each(EXAMPLES)('%s: each command names what is there', (name) => {
    const manifests = example(name);
    const named = (kind: string) => manifests.filter((each) => each.kind === kind).map(({ metadata }) => metadata.name);
    const notes = notesOf(name);
    const commands = notes.split('\n').filter((line) => /^ {2}(helm|kubectl) /.test(line));
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      expect(command).toContain('--namespace mail');
      const [, service] = / service\/(\S+) /.exec(command) ?? [];
      if (service !== undefined) expect(named('Service')).toContain(service);
      const [, pod, container] = / exec (\S+)-0 -c (\S+) /.exec(command) ?? [];
      if (pod === undefined) continue;
      expect(named('StatefulSet')).toContain(pod);
      const set = manifests.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === pod);
      expect(set?.spec.template?.spec.containers.map((each) => each.name)).toContain(container);
    }
  });

  it('in mode embedded: where to look, to copy the keys, to back up, and to say who one is', () => {
    const notes = notesOf('embedded.yaml');
    expect(notes).toContain('helm test post --namespace mail');
    expect(notes).toContain('port-forward service/post-segl-appliance 8080:80');
    expect(notes).toMatch(/COPY THE KEYS[^]*exec post-segl-appliance-0 -c segl -- tar c -C \/var\/lib\/segl keyring/);
    expect(notes).toMatch(/BACK IT UP EVERY NIGHT[^]*segl backup -/);
    for (const value of ['name', 'postalAddress', 'contactMail', 'timeZone'])
      expect(notes).toContain(`settings.organisation.${value} `);
    expect(notes).toContain('settings.trustedProxies is empty');
  });

  it('in mode cluster: nothing of a pod that is not there, and what is only for trying', () => {
    const notes = notesOf('cluster-for-trying.yaml');
    expect(notes).not.toMatch(/appliance-0|COPY THE KEYS/);
    expect(notes).toContain('from a machine beside the cluster that has the whole keyring');
    expect(notes).toContain('are for trying');
    const inEarnest = notesOf('cluster.yaml');
    expect(inEarnest).toContain('\n  https://post.nordlys.example:8443\n');
    expect(inEarnest).not.toMatch(/are for trying|organisation\.name /);
    expect(inEarnest).toContain('settings.organisation.timeZone');
  });

  it('says nothing of what is settled', () => {
    const notes = notesOf(
      'embedded-behind-an-ingress.yaml',
      '--set',
      'settings.organisation.timeZone=Europe/Copenhagen',
    );
    expect(notes).not.toMatch(/SAY WHO YOU ARE|COPY THE KEYS|BACK IT UP|trustedProxies is empty|port-forward/);
    expect(notes).toContain('each night at 01:30 UTC');
  });
});
