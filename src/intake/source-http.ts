import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../domain/app-error.js';
import type { Endpoint, SourceHttp } from '../connector-spi/connector.js';
import type { ProcessEnvironment } from '../platform/config/process-environment.js';
import { ServiceClient, type ServiceRequest } from '../platform/http-out/service-client.js';

/**
 * The one way in which a connector reaches its source: a fixed host, the secret added here, waiting where the source asks
 * for it.
 */
export class EndpointHttp implements SourceHttp {
  private readonly client: ServiceClient;
  private readonly base: URL;
  private readonly headers: Readonly<Record<string, string>>;

  /** @throws SYNC_SECRET_REQUIRED naming the variable; SERVICE_BASE_INVALID */
  constructor(
    private readonly endpoint: Endpoint,
    variables: ProcessEnvironment,
    private readonly signal: AbortSignal,
  ) {
    this.base = new URL(endpoint.baseUrl);
    this.headers = secretHeader(endpoint, variables);
    this.client = new ServiceClient({
      base: this.base,
      privateHosts: endpoint.allowPrivate ? [this.base.hostname] : [],
      timeoutMs: endpoint.timeoutMs,
      maxAnswerBytes: endpoint.maxAnswerBytes,
      now: () => Date.now(),
    });
  }

  getJson(path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    return this.patiently({ ...templateOf(path), query });
  }

  follow(link: string): Promise<unknown> {
    return this.patiently(this.below(link));
  }

  close(): void {
    this.client.close();
  }

  /** Asks again after a wait as long as that may help. An instant in Retry-After counts by the real clock. */
  private async patiently(request: ServiceRequest): Promise<unknown> {
    const { attempts, firstDelayMs, longestWaitSecs } = this.endpoint.retry;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.client.fetchJson({ ...request, headers: this.headers, signal: this.signal });
      } catch (error) {
        if (!(error instanceof AppError) || !error.retryable || attempt >= attempts) throw error;
        const asked = Number(error.details['retryAfterSecs'] ?? 0);
        if (asked > longestWaitSecs) throw error;
        await sleep(Math.max(asked * 1_000, firstDelayMs * 2 ** (attempt - 1)), undefined, {
          signal: this.signal,
        });
      }
    }
  }

  /** A link as a request below the base address. */
  private below(link: string): ServiceRequest {
    const url = URL.canParse(link, this.base.href) ? new URL(link, this.base) : null;
    const root = this.base.pathname.replace(/\/$/, '');
    const isHere =
      url !== null && url.origin === this.base.origin && `${url.pathname}/`.startsWith(`${root}/`);
    if (!isHere || url.username + url.password !== '') {
      throw new AppError('SYNC_LINK_LEADS_AWAY', { details: { host: this.base.hostname } });
    }
    const query = Object.fromEntries(url.searchParams);
    if (Object.keys(query).length !== url.searchParams.size) {
      throw new AppError('SYNC_LINK_NOT_FOLLOWED', { details: { host: this.base.hostname } });
    }
    return { ...templateOf(url.pathname.slice(root.length)), query };
  }
}

/** Each segment as a parameter, so that whatever stands in it is encoded by itself. */
function templateOf(path: string): Pick<ServiceRequest, 'path' | 'params'> {
  const params: Record<string, string> = {};
  const parts = path.split('/').map((segment, index) => {
    if (segment === '') return '';
    params[`p${index}`] = decodeURIComponent(segment);
    return `{p${index}}`;
  });
  return { path: parts.join('/'), params };
}

function secretHeader({ auth }: Endpoint, variables: ProcessEnvironment): Readonly<Record<string, string>> {
  if (auth === null) return {};
  const secret = variables[auth.variable];
  if (secret === undefined || secret === '') {
    throw new AppError('SYNC_SECRET_REQUIRED', { details: { variable: auth.variable } });
  }
  return { [auth.header]: auth.prefix + secret };
}
