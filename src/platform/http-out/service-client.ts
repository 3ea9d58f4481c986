import type { AxiosResponse, AxiosStatic } from 'axios';
import { AppError } from '../../domain/app-error.js';
import { BoundHttpAgent, BoundHttpsAgent, type BoundHost } from './bound-agents.js';
import { retryAfterSecs } from './retry-after.js';
import { servicePath } from './service-path.js';

export interface ServiceClientOptions {
  /** `http:` only for a private host. Its path comes before every path, its query goes with every request. */
  readonly base: URL;
  /** Host names or addresses that may lie in a private network. Any other must be public. */
  readonly privateHosts?: readonly string[];
  /** For a whole call, connecting and reading included. */
  readonly timeoutMs?: number;
  /** Of an answer once it is unpacked. */
  readonly maxAnswerBytes?: number;
  readonly now: () => number;
}

export interface ServiceRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base, with `{names}` for parameters. */
  readonly path?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent byte for byte; its type is said in `headers`. */
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface ServiceAnswer {
  readonly status: number;
  /** What the service asks to wait; 0 when it asks for nothing. */
  readonly retryAfterSecs: number;
  readonly body: Buffer;
}

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 16 * 1_024 * 1_024;
const WAIT_AND_TRY_AGAIN = new Set([408, 425, 429]);

/**
 * Calls one service at one fixed host. No request, parameter, redirect or proxy setting leads anywhere else, and the
 * host itself must be public unless it is named. Errors hold the host's name and a code: never a path, a query, a
 * header or a word of the answer, all of which can name a person.
 */
export class ServiceClient {
  private readonly host: BoundHost;
  private readonly httpAgent: BoundHttpAgent;
  private readonly httpsAgent: BoundHttpsAgent;

  /** @throws SERVICE_BASE_INVALID for a base that is not HTTPS (or HTTP inside), or that holds a user name or a fragment */
  constructor(private readonly options: ServiceClientOptions) {
    const { base, privateHosts = [] } = options;
    const { hostname } = base;
    const allowPrivate = privateHosts.includes(hostname);
    const isSafe = base.protocol === 'https:' || (base.protocol === 'http:' && allowPrivate);
    if (!isSafe || base.username + base.password + base.hash !== '') {
      throw new AppError('SERVICE_BASE_INVALID', { details: { host: hostname } });
    }
    const port = Number(base.port) || (base.protocol === 'https:' ? 443 : 80);
    this.host = { hostname, port, allowPrivate };
    this.httpAgent = new BoundHttpAgent(this.host);
    this.httpsAgent = new BoundHttpsAgent(this.host);
  }

  /**
   * One call; whatever status comes back is an answer, a redirect too.
   *
   * @throws SERVICE_PATH_INVALID, ADDRESS_NOT_PUBLIC, SERVICE_HOST_NOT_ALLOWED, SERVICE_ANSWER_TOO_LARGE
   * @throws HOST_UNKNOWN, SERVICE_TIMED_OUT, SERVICE_UNREACHABLE (retryable)
   */
  async send(request: ServiceRequest): Promise<ServiceAnswer> {
    const url = this.urlOf(request);
    // Most commands call nobody.
    const { default: axios } = await import('axios');
    const { timeoutMs = TIMEOUT_MS, maxAnswerBytes = MAX_ANSWER_BYTES, now } = this.options;
    const inTime = AbortSignal.timeout(timeoutMs);
    let response: AxiosResponse<Buffer>;
    try {
      response = await axios.request<Buffer>({
        baseURL: this.options.base.origin,
        url: url.pathname + url.search,
        allowAbsoluteUrls: false,
        method: request.method ?? 'GET',
        headers: { 'user-agent': 'Enishi', ...request.headers },
        data: request.body,
        transformRequest: (data: string | undefined) => data,
        responseType: 'arraybuffer',
        signal: request.signal === undefined ? inTime : AbortSignal.any([inTime, request.signal]),
        maxRedirects: 0,
        maxContentLength: maxAnswerBytes,
        maxBodyLength: Infinity,
        proxy: false,
        httpAgent: this.httpAgent,
        httpsAgent: this.httpsAgent,
        validateStatus: () => true,
      });
    } catch (error) {
      request.signal?.throwIfAborted();
      throw this.errorOf(axios, error, inTime.aborted);
    }
    const asked: unknown = response.headers['retry-after'];
    return {
      status: response.status,
      retryAfterSecs: retryAfterSecs(typeof asked === 'string' ? asked : undefined, now()),
      body: response.data,
    };
  }

  /**
   * The value that a service answers with.
   *
   * @throws what `send` throws
   * @throws SERVICE_BUSY (retryable) with `retryAfterSecs`: too many calls, or trouble on its side
   * @throws SERVICE_REFUSED for any other status than success, a redirect too
   * @throws SERVICE_ANSWER_UNREADABLE when it is not JSON in UTF-8
   */
  async fetchJson(request: ServiceRequest): Promise<unknown> {
    const headers = { accept: 'application/json', ...request.headers };
    const { status, retryAfterSecs: wait, body } = await this.send({ ...request, headers });
    const host = this.host.hostname;
    if (status >= 500 || WAIT_AND_TRY_AGAIN.has(status)) {
      throw new AppError('SERVICE_BUSY', {
        retryable: true,
        details: { host, status, retryAfterSecs: wait },
      });
    }
    if (status < 200 || status >= 300) {
      throw new AppError('SERVICE_REFUSED', { details: { host, status } });
    }
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
    } catch {
      // The parser's message quotes the answer.
      throw new AppError('SERVICE_ANSWER_UNREADABLE', { details: { host, status } });
    }
  }

  /** Ends idle connections. Safe to repeat. */
  close(): void {
    this.httpAgent.destroy();
    this.httpsAgent.destroy();
  }

  private urlOf({ path = '', params, query = {} }: ServiceRequest): URL {
    const { base } = this.options;
    const url = new URL(base);
    if (path !== '') url.pathname = base.pathname.replace(/\/$/, '') + servicePath(path, params);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  /** Errors of the library hold the whole request, its credentials too: they go no further. */
  private errorOf(axios: AxiosStatic, error: unknown, isOutOfTime: boolean): unknown {
    if (!axios.isAxiosError(error)) return error;
    if (error.cause instanceof AppError) return error.cause;
    const host = this.host.hostname;
    if (isOutOfTime) return new AppError('SERVICE_TIMED_OUT', { retryable: true, details: { host } });
    if (error.message.startsWith('maxContentLength size of')) {
      return new AppError('SERVICE_ANSWER_TOO_LARGE', { details: { host } });
    }
    const reason = error.code ?? 'ERR_NETWORK';
    return new AppError('SERVICE_UNREACHABLE', { retryable: true, details: { host, reason } });
  }
}
