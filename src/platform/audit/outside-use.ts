import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiKeysService, Caller } from '../auth/api-keys.service.js';
import { accessRule } from '../auth/access.js';
import type { Clock } from '../clock/clock.js';
import type { GroupConfig } from '../config/group-config.js';
import type { Database } from '../database/database.js';
import type { ApiRequest, Route } from '../http/route.js';
import type { AuditService } from './audit.service.js';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

interface Routed {
  readonly route?: { readonly path?: unknown };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const HOUR_MS = 3_600_000;

/**
 * Leaves a row in the audit chain when a key of one company (or source) was used for what belongs to another, or to the
 * whole group: at most one for each key, route and hour, however many processes serve. The caller learns nothing of it:
 * what is not theirs is not there. The row holds the key's id and the route's name, not what was asked for.
 */
export class OutsideUse {
  private readonly told = new Map<string, number>();
  private readonly pending = new Set<Promise<void>>();

  constructor(
    private readonly parts: {
      readonly database: Database;
      readonly clock: Clock;
      readonly group: GroupConfig;
      readonly audit: AuditService;
      readonly keys: ApiKeysService;
      readonly routes: () => readonly Route[];
      /** Told when a row could not be written. */
      readonly onError: (error: unknown) => void;
    },
  ) {}

  /** Put it before the routes. What it writes is written behind the answer. */
  readonly middleware: Middleware = (request, response, next) => {
    response.once('close', () => this.judge(request as ApiRequest & Routed, response.statusCode));
    next();
  };

  /** Waits for what is being written. */
  async settled(): Promise<void> {
    await Promise.all(this.pending);
  }

  private judge(request: ApiRequest & Routed, status: number): void {
    if (status !== 403 && status !== 404) return;
    const route = this.routeOf(request);
    if (route === undefined) return;
    const writing = this.note(route, request, status)
      .catch(this.parts.onError)
      .finally(() => this.pending.delete(writing));
    this.pending.add(writing);
  }

  private async note(route: Route, request: ApiRequest, status: number): Promise<void> {
    // Whoever is refused at the door has not been let in as anybody.
    const caller = request.caller ?? (await this.parts.keys.authenticate(request.headers.authorization));
    if (caller.company === null && caller.source === null) return;
    const rule = accessRule(route.id);
    // A role that may not do this at home either has not left it.
    if (!rule.roles.includes(caller.role)) return;
    if (status === 404 && !(await this.isElsewhere(caller, request))) return;
    const place = `${caller.keyId} ${route.id}`;
    const hour = Math.floor(this.parts.clock.now() / HOUR_MS);
    if (this.told.get(place) === hour) return;
    this.told.set(place, hour);
    try {
      await this.append(caller, route.id, new Date(hour * HOUR_MS).toISOString());
    } catch (error) {
      this.told.delete(place);
      throw error;
    }
  }

  /** @param since the beginning of the hour, for which another process may have written it */
  private async append(caller: Caller, route: string, since: string): Promise<void> {
    const { role, company, source, keyId } = caller;
    const note = {
      actor: `key:${keyId}`,
      kind: 'key.used_outside',
      data: { route, role, company, source },
    };
    await this.parts.database.transaction(async (sql) => {
      await sql.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `enishi.outside-use.${keyId}.${route}`,
      ]);
      const { rowCount } = await sql.query(
        `select 1 from audit_entry where at >= $1 and kind = $2 and actor = $3 and data = $4 limit 1`,
        [since, note.kind, note.actor, JSON.stringify(note.data)],
      );
      if (rowCount === 0) await this.parts.audit.append(sql, [note]);
    });
  }

  /** True when what was named is there, only not for this caller. */
  private async isElsewhere(caller: Caller, request: ApiRequest): Promise<boolean> {
    const { group } = this.parts;
    const named = namedBy(request);
    const isForeignSource = (id: string) =>
      caller.source === null ? group.sources.get(id)?.company !== caller.company : id !== caller.source;
    if (named.sources.some((id) => group.sources.has(id) && isForeignSource(id))) return true;
    const isForeign = (company: string) => group.companies.has(company) && company !== caller.company;
    if (caller.company !== null && named.companies.some(isForeign)) return true;
    if (named.ids.length === 0) return false;
    const found = await this.parts.database.query<{ source: string | null; company: string | null }>(
      `select source, null as company from import_run where id = any($1::uuid[])
       union select source, null from inbox where id = any($1::uuid[])
       union select null, company from employment where person_id = any($1::uuid[])`,
      [named.ids],
    );
    return (
      found.length > 0 &&
      found.every(({ source, company }) =>
        source === null ? company !== caller.company : isForeignSource(source),
      )
    );
  }

  private routeOf({ method, route }: ApiRequest & Routed): Route | undefined {
    if (typeof route?.path !== 'string') return undefined;
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    return this.parts.routes().find((one) => one.path === path && one.method === method?.toLowerCase());
  }
}

interface Named {
  readonly sources: readonly string[];
  readonly companies: readonly string[];
  readonly ids: readonly string[];
}

/** What a request names, by the words that all routes use for it. */
function namedBy({ params, call }: ApiRequest): Named {
  const query: Readonly<Record<string, unknown>> = call?.query ?? {};
  const body: Readonly<Record<string, unknown>> = isRecord(call?.body) ? call.body : {};
  const texts = (...values: unknown[]) => values.filter((value) => typeof value === 'string');
  return {
    sources: texts(params['source'], query['source'], body['source']),
    companies: texts(params['company'], query['company'], body['company']),
    ids: texts(params['id'], params['personId'], body['personId']).filter((id) => UUID.test(id)),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
