import type { ServerResponse } from 'node:http';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { languageOf } from './language.js';
import { toAppError, toProblem } from './problem.js';
import type { ApiRequest } from './route.js';

/** How long a sender may go on talking to a closed door. */
const LINGER_MS = 5_000;

/** The one place where what was thrown becomes an answer: a problem document, without a stack, statement or path. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const response = http.getResponse<ServerResponse>();
    const error = toAppError(thrown);
    const language = languageOf(request.headers['accept-language']);
    const problem = toProblem(error, language);
    if (problem.status >= 500) this.logger.error(logLine(error.code, error.cause));
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    response.statusCode = problem.status;
    response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
    response.setHeader('Content-Language', language);
    response.setHeader('Vary', 'Accept-Language');
    response.setHeader('Cache-Control', 'no-store');
    if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="enishi"');
    if (problem.retryAfter !== undefined) response.setHeader('Retry-After', String(problem.retryAfter));
    response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(problem)}\n`);
    if (!request.complete) linger(request);
  }
}

/**
 * A sender in the middle of its body reads no answer before it has sent all: it is listened to for a moment, nothing is
 * kept, then the connection ends.
 */
function linger(request: ApiRequest): void {
  request.on('error', () => undefined);
  request.resume();
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => clearTimeout(timer));
}

/** The code and what kind of error caused it. A driver's message can hold a value of a row, so none is written. */
function logLine(code: string, cause: unknown): string {
  if (!(cause instanceof Error)) return code;
  const sqlState = 'code' in cause && typeof cause.code === 'string' ? ` ${cause.code}` : '';
  const place = cause.stack?.split('\n').find((line) => line.trim().startsWith('at ')) ?? '';
  return `${code}: ${cause.name}${sqlState}${place.replace(/\s+/g, ' ')}`;
}
