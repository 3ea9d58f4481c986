import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Caller } from '../auth/api-keys.service.js';
import type { RouteId } from '../auth/access.js';
import type { Language } from '../i18n/locale.js';
import type { Upload } from './upload.js';

/** How often one key may call: each class has a budget of its own. */
export type RateClass = 'read' | 'search' | 'write' | 'push';

/** How the body is taken: read whole and as strict JSON, as JSON or NDJSON, or as a stream. */
export type BodyKind = 'json' | 'records' | 'upload';

export interface Answer<T> {
  /** The usual one; `Reply` may say another. */
  readonly status: number;
  readonly description: string;
  /** What is not in the schema does not leave the house. Null: not JSON but `media`. */
  readonly schema: z.ZodType<T> | null;
  readonly media?: string;
}

/**
 * One route, said once: what Nest listens to, what a caller may send, who may call (by `id` in ACCESS), what comes back,
 * and what the OpenAPI document shows. Schemas of params, query and body are strict: what they do not name is refused.
 */
export interface Route<
  P extends z.ZodObject = z.ZodObject,
  Q extends z.ZodObject = z.ZodObject,
  B extends z.ZodType = z.ZodType,
  T = unknown,
> {
  readonly id: RouteId;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** As OpenAPI writes it: `/api/v1/runs/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly rate: RateClass;
  readonly params: P;
  readonly query: Q;
  readonly body: B | null;
  readonly bodyKind: BodyKind;
  /** What the document shows of the body, where the check itself is looser (each record is judged alone). */
  readonly bodyDocument?: z.ZodType;
  /** An example of the body, with invented people. */
  readonly example?: unknown;
  readonly answer: Answer<T>;
  /** Codes of errors that only this route gives. */
  readonly errors: readonly string[];
}

export type AnyRoute = Route;

const none = z.strictObject({});
type None = typeof none;
type NoBody = z.ZodUndefined;

/** A route with its defaults: no parameters, no body, budget by method. */
export function defineRoute<
  P extends z.ZodObject = None,
  Q extends z.ZodObject = None,
  B extends z.ZodType = NoBody,
  T = unknown,
>(
  route: Pick<Route<P, Q, B, T>, 'id' | 'method' | 'path' | 'summary' | 'tag' | 'answer'> &
    Partial<Route<P, Q, B, T>>,
): Route<P, Q, B, T> {
  return {
    rate: route.method === 'get' ? 'read' : 'write',
    params: none as unknown as P,
    query: none as unknown as Q,
    body: null,
    bodyKind: 'json',
    errors: [],
    ...route,
  };
}

/** What a handler gets: everything checked, nothing raw. */
export interface Call<R extends AnyRoute> {
  readonly params: z.output<R['params']>;
  readonly query: z.output<R['query']>;
  readonly body: R['body'] extends z.ZodType | null ? z.output<NonNullable<R['body']>> : undefined;
  /** For routes that take an upload; nothing of it has been read yet. */
  readonly upload: Upload | null;
  readonly caller: Caller;
  readonly language: Language;
  /** The caller in words, for what is kept beside a decision. */
  readonly by: string;
}

/** An answer with another status or further headers, or one that is written piece by piece. */
export class Reply<T> {
  constructor(
    readonly body: T | AsyncIterable<string>,
    readonly options: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {}
}

/** A request on its way through guard and interceptor. */
export interface ApiRequest extends IncomingMessage {
  /** Of the router, decoded. */
  params: Record<string, string>;
  originalUrl: string;
  caller?: Caller;
  call?: Call<AnyRoute>;
}
