import { hash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { AppError } from '../../domain/app-error.js';
import { checkBodyHeaders, parseLines, readBody, type BodyLimits } from './body.js';
import { IdempotencyService, type KeptAnswer } from './idempotency.service.js';
import { languageOf } from './language.js';
import { statusOf, toAppError, toProblem } from './problem.js';
import { Reply, type AnyRoute, type ApiRequest, type Call, type Route } from './route.js';
import { checkParams, checkQuery, checkValue } from './check-request.js';
import { routeOf } from './serve.decorator.js';
import { parseStrictJson } from './strict-json.js';
import { uploadOf, type Upload } from './upload.js';

/** In one JSON array; NDJSON may hold more. */
export const MOST_RECORDS = 1_000;
const MOST_NDJSON_RECORDS = 10_000;
const RENEW_MS = 20_000;
const KEY_SHAPE = /^[\x21-\x7e]{1,255}$/;
const JSON_TYPE = 'application/json';
const NDJSON_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

interface ReadRequest {
  readonly call: Call<AnyRoute>;
  /** Of what was sent; of an upload only once it has been read. Asked for only with an `Idempotency-Key`. */
  readonly fingerprint: () => string;
}

/**
 * Between the guard and a handler: takes the body within its limits, checks all of it against the route's schemas, keeps
 * the promise of `Idempotency-Key`, and writes the answer, of which only what the route's schema names goes out.
 */
@Injectable()
export class ApiInterceptor implements NestInterceptor {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly limits: BodyLimits,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const route = routeOf(context.getHandler());
    if (route === null) return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    return from(
      this.run(route, request, http.getResponse<ServerResponse>(), () => lastValueFrom(next.handle())),
    );
  }

  private async run(
    route: Route,
    request: ApiRequest,
    response: ServerResponse,
    handle: () => Promise<unknown>,
  ): Promise<void> {
    const read = await this.read(route, request);
    request.call = read.call;
    const key = idempotencyKey(route, request);
    if (key === null) {
      await send(response, route, await handle());
      return;
    }
    const answer = await this.once(route, request, read, key, handle);
    write(response, answer);
  }

  private async read(route: Route, request: ApiRequest): Promise<ReadRequest> {
    const { caller } = request;
    if (caller === undefined) throw new AppError('KEY_MISSING');
    const params = checkParams(route, request.params);
    const query = checkQuery(route, request.originalUrl);
    const base = {
      params,
      query,
      caller,
      language: languageOf(request.headers['accept-language']),
      by: `key:${caller.name}`,
    };
    if (route.bodyKind === 'upload') {
      const media = checkBodyHeaders(request, UPLOAD_TYPES, this.limits.uploadBytes);
      const upload = uploadOf(request, media.type, this.limits);
      return { call: call({ ...base, body: undefined, upload }), fingerprint: () => upload.sha256() };
    }
    const bytes = route.body === null ? await this.noBody(request) : await this.body(route, request);
    // Taken now, so that nothing holds the bytes any longer.
    const fingerprint = 'idempotency-key' in request.headers ? hash('sha256', bytes.raw, 'hex') : '';
    const body = route.body === null ? undefined : checkValue(route.body, bytes.value, 'body');
    return { call: call({ ...base, body, upload: null }), fingerprint: () => fingerprint };
  }

  /** Nothing is expected; an empty JSON object does no harm. */
  private async noBody(request: ApiRequest): Promise<{ raw: Buffer; value: unknown }> {
    const raw = await readBody(request, this.limits.jsonBytes, this.limits);
    const text = raw.toString('utf8').trim();
    if (text !== '' && text !== '{}') throw new AppError('BODY_NOT_EXPECTED', { details: { field: 'body' } });
    return { raw, value: undefined };
  }

  private async body(route: Route, request: ApiRequest): Promise<{ raw: Buffer; value: unknown }> {
    const takesLines = route.bodyKind === 'records';
    const most = takesLines ? this.limits.recordsBytes : this.limits.jsonBytes;
    const types = takesLines ? [JSON_TYPE, ...NDJSON_TYPES] : [JSON_TYPE];
    const media = checkBodyHeaders(request, types, most);
    const raw = await readBody(request, most, this.limits);
    if (raw.length === 0) throw new AppError('BODY_MISSING', { details: { field: 'body' } });
    if (media.type !== JSON_TYPE) return { raw, value: parseLines(raw, MOST_NDJSON_RECORDS) };
    const value = parseStrictJson(raw);
    if (takesLines && Array.isArray(value) && value.length > MOST_RECORDS) {
      throw new AppError('TOO_MANY_RECORDS', { details: { max: MOST_RECORDS } });
    }
    return { raw, value };
  }

  /** Carries a request out once, and gives everybody who sends it again the same answer. */
  private async once(
    route: Route,
    request: ApiRequest,
    read: ReadRequest,
    key: string,
    handle: () => Promise<unknown>,
  ): Promise<KeptAnswer> {
    const { upload, caller } = read.call;
    const place = `${route.method} ${request.originalUrl}`;
    const known = upload === null ? read.fingerprint() : null;
    const claim = await this.idempotency.claim(caller.keyId, key, place, known);
    if (claim.kind === 'answered') {
      if (upload !== null && (await hashOf(upload)) !== claim.fingerprint) {
        throw new AppError('IDEMPOTENCY_KEY_REUSED', { details: { field: 'Idempotency-Key' } });
      }
      const headers = { ...claim.answer.headers, 'Idempotency-Replayed': 'true' };
      return { ...claim.answer, headers };
    }
    const renewal = setInterval(
      () => void this.idempotency.renew(claim.claim).catch(() => undefined),
      RENEW_MS,
    );
    try {
      const answer = answerOf(route, await handle());
      await this.idempotency.keep(claim.claim, read.fingerprint(), answer);
      return answer;
    } catch (thrown) {
      const error = toAppError(thrown);
      const answer = isFinal(error) ? problemAnswer(error, read.call.language) : null;
      if (answer === null || upload !== null) await this.idempotency.release(claim.claim);
      else await this.idempotency.keep(claim.claim, read.fingerprint(), answer);
      throw thrown;
    } finally {
      clearInterval(renewal);
    }
  }
}

/** What the handler decided, as opposed to what may be otherwise in a moment. */
function isFinal(error: AppError): boolean {
  const status = statusOf(error);
  return !error.retryable && (status === 404 || status === 409 || status === 422);
}

function problemAnswer(error: AppError, language: Call<AnyRoute>['language']): KeptAnswer {
  const problem = toProblem(error, language);
  return {
    status: problem.status,
    headers: { 'Content-Type': 'application/problem+json; charset=utf-8', 'Content-Language': language },
    body: `${JSON.stringify(problem)}\n`,
  };
}

function call(values: object): Call<AnyRoute> {
  return values as Call<AnyRoute>;
}

/** @throws IDEMPOTENCY_KEY_INVALID */
function idempotencyKey(route: Route, request: ApiRequest): string | null {
  const header = request.headers['idempotency-key'];
  if (route.method !== 'post' || header === undefined) return null;
  if (typeof header !== 'string' || !KEY_SHAPE.test(header)) {
    throw new AppError('IDEMPOTENCY_KEY_INVALID', { details: { field: 'Idempotency-Key' } });
  }
  return header;
}

const UPLOAD_TYPES = [
  'multipart/form-data',
  'application/octet-stream',
  'text/csv',
  'text/plain',
  'text/tab-separated-values',
];

async function hashOf(upload: Upload): Promise<string> {
  for await (const chunk of upload.bytes) if (chunk.length === 0) continue;
  return upload.sha256();
}

function answerOf(route: Route, result: unknown): KeptAnswer {
  const reply = result instanceof Reply ? result : new Reply(result);
  const { status = route.answer.status, headers = {} } = reply.options;
  const { schema } = route.answer;
  const body = schema === null ? '' : `${JSON.stringify(schema.parse(reply.body))}\n`;
  return { status, headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers }, body };
}

async function send(response: ServerResponse, route: Route, result: unknown): Promise<void> {
  const isStream = result instanceof Reply && isPieces(result.body);
  if (!isStream) {
    write(response, answerOf(route, result));
    return;
  }
  const { status = route.answer.status, headers = {} } = result.options;
  head(response, status, headers);
  await pipeline(Readable.from(result.body), response);
}

function isPieces(body: unknown): body is AsyncIterable<string> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function write(response: ServerResponse, { status, headers, body }: KeptAnswer): void {
  head(response, status, headers);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function head(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
  response.statusCode = status;
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Vary', 'Accept-Language');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}
