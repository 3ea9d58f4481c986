import type { IncomingMessage, ServerResponse } from 'node:http';
import { SpanKind, type Telemetry } from 'bullmq';

type Middleware = (request: IncomingMessage & Routed, response: ServerResponse, next: () => void) => void;

/** What Express adds once a route has matched. */
interface Routed {
  readonly route?: { readonly path?: unknown };
}

const QUIET_ROUTES = /^\/(?:health|metrics)(?:\/|$)/;

/**
 * A span for each request, around all that it causes. It holds the pattern of the route: paths hold ids and the tokens
 * of links, queries what somebody looked for. What a caller says of a trace of its own is not taken over.
 */
export function traceRequests({ tracer, contextManager }: Telemetry): Middleware {
  return (request, response, next) => {
    if (QUIET_ROUTES.test(request.url ?? '')) {
      next();
      return;
    }
    const active: unknown = contextManager.active();
    const method = request.method ?? 'GET';
    const span = tracer.startSpan(method, { kind: SpanKind.SERVER }, active);
    response.once('close', () => {
      const path = request.route?.path;
      const status = response.statusCode;
      span.setAttributes({
        'http.request.method': method,
        'http.route': typeof path === 'string' ? path : 'unmatched',
        'http.response.status_code': status,
        ...(status >= 500 && { 'error.type': String(status) }),
      });
      span.end();
    });
    contextManager.with(span.setSpanOnContext(active), next);
  };
}
