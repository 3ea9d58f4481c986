import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Module, type DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { withLogContext } from './log-context.js';
import type { Logger } from './logger.js';

/** Only what an id looks like is taken over: a caller's header must not carry somebody's name into our logs. */
const REQUEST_ID = /^[0-9a-fA-F-]{16,64}$/;
const QUIET_ROUTES = /^\/(?:health|metrics)(?:\/|$)/;

/** What Express adds once a route has matched. */
interface Routed {
  readonly route?: { readonly path?: unknown };
}

/** One line for each request: the route's pattern, never its values, its query, its headers or its body. */
function requestFields(request: IncomingMessage & Routed, response: ServerResponse): object {
  const path = request.route?.path;
  return {
    method: request.method,
    route: typeof path === 'string' ? path : 'unmatched',
    status: response.statusCode,
  };
}

/** Headers of an answer can hold a cookie or a link. */
function withoutResponse(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'res'));
}

/** The id of a request: the caller's, where it looks like one, else a new one; the answer names it. */
function requestIdOf(request: IncomingMessage, response: ServerResponse): string {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  response.setHeader('X-Request-Id', id);
  return id;
}

/** The server's log: Nest's own lines, one line per request, and the ids of a request in all that it causes. */
@Module({})
export class LoggingModule {
  static over(logger: Logger): DynamicModule {
    const pinoHttp = {
      logger,
      genReqId: requestIdOf,
      quietReqLogger: true,
      quietResLogger: true,
      customAttributeKeys: { reqId: 'requestId', responseTime: 'tookMs' },
      autoLogging: { ignore: (request: IncomingMessage) => QUIET_ROUTES.test(request.url ?? '') },
      customLogLevel: (_request: IncomingMessage, response: ServerResponse, error?: Error) =>
        error !== undefined || response.statusCode >= 500 ? ('error' as const) : ('info' as const),
      customSuccessMessage: () => 'request',
      customErrorMessage: () => 'request failed',
      customSuccessObject: (request: IncomingMessage, response: ServerResponse, value: object) => ({
        ...withoutResponse(value),
        ...requestFields(request, response),
      }),
      customErrorObject: (
        request: IncomingMessage,
        response: ServerResponse,
        _error: Error,
        value: object,
      ) => ({
        ...withoutResponse(value),
        ...requestFields(request, response),
      }),
    };
    return {
      module: LoggingModule,
      imports: [LoggerModule.forRoot({ pinoHttp })],
    };
  }
}

/** Express middleware: where the path names a source, all that the request causes is logged with it. */
export function sourceLogContext(
  request: { readonly originalUrl: string },
  _response: unknown,
  next: () => void,
): void {
  const found = /^\/(?:api\/v1\/sources|webhooks)\/([A-Za-z0-9_-]{1,64})(?:[/?]|$)/.exec(request.originalUrl);
  const sourceId = found?.[1];
  withLogContext(sourceId === undefined ? {} : { sourceId }, next);
}
