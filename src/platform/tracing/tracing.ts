import type { JobQueuesOptions } from '../queue/job-queues.js';

export interface Tracing {
  readonly telemetry: NonNullable<JobQueuesOptions['telemetry']>;
  /** Sends what is left. */
  stop(): Promise<void>;
}

/**
 * Traces of jobs (who queued, who worked, how long) to an OpenTelemetry collector. Nothing of it is loaded without an
 * endpoint. Spans hold queue names, job ids and codes.
 */
export async function startTracing(endpoint: string): Promise<Tracing> {
  const [{ NodeSDK }, { OTLPTraceExporter }, { BullMQOtel }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('bullmq-otel'),
  ]);
  const sdk = new NodeSDK({
    serviceName: 'enishi',
    traceExporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` }),
    instrumentations: [],
  });
  sdk.start();
  return { telemetry: new BullMQOtel({ tracerName: 'enishi' }), stop: () => sdk.shutdown() };
}
