import type { JobQueuesOptions } from '../queue/job-queues.js';

export interface Tracing {
  readonly telemetry: NonNullable<JobQueuesOptions['telemetry']>;
  /** Sends what is left. */
  stop(): Promise<void>;
}

/**
 * Traces to an OpenTelemetry collector: of jobs (who queued, who worked, how long), and over the same telemetry of
 * requests (`traceRequests`) and statements (`traceStatements`). Nothing of it is loaded without an endpoint. Spans hold
 * names of queues and routes, ids of jobs, statements without values, and codes.
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
