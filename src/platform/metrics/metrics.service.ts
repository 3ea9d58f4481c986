import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import type { JobQueues } from '../queue/job-queues.js';
import type { OutageBreaker } from '../queue/outage-breaker.js';
import { readDatabaseMetrics, type Sample } from './database-metrics.js';
import { METRICS, type MetricName } from './metric-names.js';

export interface MetricsSources {
  readonly database: Database;
  readonly clock: Clock;
  readonly queues: JobQueues;
  readonly queueNames: readonly string[];
  readonly outage: OutageBreaker;
  /** Told why a group is missing; the others are answered all the same. */
  readonly onError: (error: unknown) => void;
}

const FRESH_MS = 5_000;

/** The numbers of /metrics, read when somebody asks, at most every 5 seconds. */
@Injectable()
export class MetricsService {
  private readonly registry = new Registry();
  private readonly metrics = new Map<MetricName, Gauge | Counter>();
  private readonly scrapeFailures = new Map<string, number>();
  private last: { readonly at: number; readonly text: Promise<string> } | null = null;

  constructor(private readonly sources: MetricsSources) {
    collectDefaultMetrics({ register: this.registry });
    for (const [name, spec] of Object.entries(METRICS) as [MetricName, (typeof METRICS)[MetricName]][]) {
      const options = { name, help: spec.help, labelNames: [...spec.labels], registers: [this.registry] };
      this.metrics.set(name, spec.type === 'counter' ? new Counter(options) : new Gauge(options));
    }
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** In Prometheus' text format. A part that cannot be read is left out and counted. */
  text(): Promise<string> {
    const now = performance.now();
    if (this.last === null || now - this.last.at > FRESH_MS) this.last = { at: now, text: this.read() };
    return this.last.text;
  }

  private async read(): Promise<string> {
    const { database, clock } = this.sources;
    const groups = await Promise.all([
      this.group('database', () => readDatabaseMetrics(database, clock)),
      this.group('queue', () => this.readQueues()),
    ]);
    for (const metric of this.metrics.values()) metric.reset();
    for (const sample of groups.flat()) this.put(sample);
    this.put({ metric: 'enishi_mail_outage', labels: {}, value: this.sources.outage.isOpen ? 1 : 0 });
    for (const [group, value] of this.scrapeFailures) {
      this.put({ metric: 'enishi_scrape_failures_total', labels: { group }, value });
    }
    return this.registry.metrics();
  }

  private async group(name: string, read: () => Promise<Sample[]>): Promise<Sample[]> {
    if (!this.scrapeFailures.has(name)) this.scrapeFailures.set(name, 0);
    try {
      return await read();
    } catch (error) {
      this.scrapeFailures.set(name, (this.scrapeFailures.get(name) ?? 0) + 1);
      this.sources.onError(error);
      return [];
    }
  }

  private async readQueues(): Promise<Sample[]> {
    await this.sources.queues.check();
    const depths = await Promise.all(this.sources.queueNames.map((name) => this.sources.queues.depth(name)));
    return depths.flatMap(({ queue, ...states }) =>
      Object.entries(states).map(([state, value]) => ({
        metric: 'enishi_queue_jobs' as const,
        labels: { queue, state },
        value,
      })),
    );
  }

  private put({ metric, labels, value }: Sample): void {
    const known = this.metrics.get(metric);
    if (known instanceof Gauge) known.set(labels, value);
    else known?.inc(labels, value);
  }
}
