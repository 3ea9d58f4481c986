import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { METRICS } from '../../src/platform/metrics/metric-names.js';

const ROOT = join(import.meta.dirname, '..', '..');
const KUBERNETES = join(ROOT, 'deploy', 'kubernetes');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');
/** Variables that env.ts reads, and two of Node's and the image's own. */
const KNOWN = new Set(
  [...read('src', 'platform', 'config', 'env.ts').matchAll(/'([A-Z][A-Z0-9_]+)'/g)]
    .map((found) => found[1] ?? '')
    .filter((name) => !name.startsWith('ENV_')),
);

function documents(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  });
}

const container = z.looseObject({
  image: z.string(),
  command: z.array(z.string()),
  securityContext: z.looseObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.looseObject({ drop: z.array(z.string()) }),
  }),
});
const workload = z.looseObject({
  kind: z.enum(['Deployment', 'Job']),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    template: z.looseObject({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        terminationGracePeriodSeconds: z.number().optional(),
        securityContext: z.looseObject({ runAsNonRoot: z.literal(true), runAsUser: z.number().min(1) }),
        containers: z.array(container).length(1),
      }),
    }),
  }),
});
const named = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) });

describe('deploy/kubernetes', () => {
  const files = readdirSync(KUBERNETES).filter((name) => name.endsWith('.yaml'));
  const kustomization = z
    .looseObject({ resources: z.array(z.string()), images: z.array(z.looseObject({ name: z.string() })) })
    .parse(documents(read('deploy', 'kubernetes', 'kustomization.yaml'))[0]);
  const all = files
    .filter((name) => name !== 'kustomization.yaml')
    .flatMap((name) => documents(read('deploy', 'kubernetes', name)).map((one) => named.parse(one)));
  const workloads = all
    .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
    .map((one) => workload.parse(one));

  it('lists every file but the example of a secret, and no file that is not there', () => {
    const expected = files.filter((name) => !['kustomization.yaml', 'secret.example.yaml'].includes(name));
    expect([...kustomization.resources].sort()).toEqual(expected.sort());
  });

  it('runs the three parts without root, on a file system that nothing writes to, as the image that it names', () => {
    expect(workloads.map((one) => one.metadata.name).sort()).toEqual([
      'enishi-api',
      'enishi-migrate',
      'enishi-worker',
    ]);
    for (const one of workloads) {
      const [only] = one.spec.template.spec.containers;
      expect(kustomization.images.map(({ name }) => name)).toContain(only?.image);
      expect(only?.securityContext.capabilities.drop).toEqual(['ALL']);
      const script = only?.command.find((part) => /\.m?js$/.test(part)) ?? '';
      const source = script.replace(/^dist\/(.*)\.js$/, '$1.ts');
      expect(read(source)).not.toBe('');
    }
  });

  it('leaves a pod more time than a process takes to stop', () => {
    const limit = Number(
      /LIMIT_MS = (\d+)_000/.exec(read('src', 'platform', 'health', 'close-in-time.ts'))?.[1],
    );
    expect(limit).toBeGreaterThan(0);
    for (const one of workloads.filter(({ kind }) => kind === 'Deployment')) {
      expect(one.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(limit + 5);
    }
  });

  it('sets only variables that the service reads', () => {
    const withData = z.looseObject({
      data: z.record(z.string(), z.string()).optional(),
      stringData: z.record(z.string(), z.string()).optional(),
    });
    const settings = all.filter(({ kind }) => kind === 'ConfigMap' || kind === 'Secret');
    expect(settings).toHaveLength(2);
    for (const one of settings) {
      const { data = {}, stringData = {} } = withData.parse(one);
      for (const name of [...Object.keys(data), ...Object.keys(stringData)]) expect(KNOWN).toContain(name);
    }
  });

  it('scales and protects pods that there are', () => {
    const names = workloads.map((one) => one.metadata.name);
    const scaled = all.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
    const target = z.looseObject({
      spec: z.looseObject({ scaleTargetRef: z.looseObject({ name: z.string() }) }),
    });
    for (const one of scaled) expect(names).toContain(target.parse(one).spec.scaleTargetRef.name);
    const budget = z.looseObject({
      spec: z.looseObject({ selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()) }) }),
    });
    const budgets = all.filter(({ kind }) => kind === 'PodDisruptionBudget');
    expect(budgets).toHaveLength(2);
    for (const one of budgets) {
      const wanted = budget.parse(one).spec.selector.matchLabels;
      expect(
        workloads.some((w) =>
          Object.entries(wanted).every(([k, v]) => w.spec.template.metadata.labels[k] === v),
        ),
      ).toBe(true);
    }
  });
});

describe('deploy/compose.yaml', () => {
  const compose = z
    .looseObject({
      services: z.record(
        z.string(),
        z.looseObject({
          image: z.string(),
          command: z.array(z.string()).optional(),
          environment: z.record(z.string(), z.string()).optional(),
          read_only: z.boolean().optional(),
        }),
      ),
    })
    .parse(parseAllDocuments(read('deploy', 'compose.yaml'), { merge: true })[0]?.toJS());
  const { services } = compose;

  it('has what a deployment is made of', () => {
    expect(Object.keys(services).sort()).toEqual([
      'api',
      'mail-sink',
      'migrate',
      'postgres',
      'redis',
      'worker',
    ]);
  });

  it('R10: its Redis is one that Enishi starts on', () => {
    const command = services['redis']?.command ?? [];
    const setting = (name: string) => command[command.indexOf(name) + 1];
    expect(setting('--appendonly')).toBe('yes');
    expect(setting('--maxmemory-policy')).toBe('noeviction');
  });

  it('sets only variables that the service reads, in production', () => {
    for (const name of ['api', 'worker', 'migrate']) {
      const environment = services[name]?.environment ?? {};
      expect(environment['NODE_ENV']).toBe('production');
      for (const variable of Object.keys(environment)) expect(KNOWN).toContain(variable);
      expect(services[name]?.read_only).toBe(true);
    }
  });

  it('asks only for what .env.example names', () => {
    const asked = [...read('deploy', 'compose.yaml').matchAll(/\$\{([A-Z_]+):\?/g)].map((found) => found[1]);
    const offered = [...read('deploy', '.env.example').matchAll(/^([A-Z_]+)=/gm)].map((found) => found[1]);
    for (const name of asked) expect(offered).toContain(name);
  });
});

describe('deploy/grafana/enishi-dashboard.json', () => {
  const text = read('deploy', 'grafana', 'enishi-dashboard.json');
  const shown = new Set([...text.matchAll(/enishi_[a-z_]+/g)].map((found) => found[0]));

  it('shows every metric that there is and no other', () => {
    expect([...shown].sort()).toEqual(Object.keys(METRICS).sort());
  });

  it('groups by labels that the metric has', () => {
    for (const [, labels = '', metric = ''] of text.matchAll(
      /max by \(([a-z, ]+)\) \((?:increase\()?(enishi_[a-z_]+)/g,
    )) {
      const known: readonly string[] = METRICS[metric as keyof typeof METRICS].labels;
      for (const label of labels.split(', ')) expect(known).toContain(label);
    }
  });
});
