import { SpanKind, type Telemetry } from 'bullmq';
import type { Pool } from 'pg';

type AnyQuery = (...args: unknown[]) => unknown;

/** Of a statement, when its promise or stream is over. */
type End = (error?: unknown) => void;

const MOST_TEXT = 1_000;
/** Texts, dollar quotes and numbers: what a statement holds besides its words, should somebody ever write one into it. */
const LITERAL = /\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'|(?<![\w$.])\d+(?:\.\d+)?\b/g;

/** A statement without any value, on one line. Parameters stay the numbers that they are. */
export function statementText(text: string): string {
  return text.replace(LITERAL, '?').replace(/\s+/g, ' ').trim().slice(0, MOST_TEXT);
}

/**
 * Makes a span of each statement that a request or a job causes; what runs by itself, every second and for nobody, makes
 * none. Call it before the pool has connected. A span holds the statement without its values and, of an error, the code:
 * messages of PostgreSQL quote rows.
 */
export function traceStatements(pool: Pool, telemetry: Telemetry): void {
  const root: unknown = telemetry.contextManager.active();
  const withSpan =
    (query: AnyQuery): AnyQuery =>
    (...args) => {
      const active: unknown = telemetry.contextManager.active();
      // With a callback it is the pool that asks on behalf of a call that has its span already.
      if (active === root || typeof args.at(-1) === 'function') return query(...args);
      const end = begin(telemetry, active, textOf(args[0]));
      try {
        return watched(query(...args), end);
      } catch (error) {
        end(error);
        throw error;
      }
    };
  Object.assign(pool, { query: withSpan(pool.query.bind(pool) as AnyQuery) });
  pool.on('connect', (client) => {
    Object.assign(client, { query: withSpan(client.query.bind(client) as AnyQuery) });
  });
}

function begin({ tracer }: Telemetry, context: unknown, text: string): End {
  const [operation = 'query'] = text.split(' ', 1);
  const span = tracer.startSpan(operation.toLowerCase(), { kind: SpanKind.CLIENT }, context);
  span.setAttributes({ 'db.system.name': 'postgresql', 'db.query.text': text });
  let isOver = false;
  return (error) => {
    if (isOver) return;
    isOver = true;
    if (error !== undefined) span.setAttribute('error.type', codeOf(error));
    span.end();
  };
}

/** A promise, or a stream of COPY. */
function watched(result: unknown, end: End): unknown {
  if (isPromise(result)) {
    result.then(() => end(), end);
  } else if (isEmitter(result)) {
    for (const event of ['finish', 'end', 'close']) result.once(event, () => end());
    result.once('error', end);
  } else {
    end();
  }
  return result;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function isEmitter(value: unknown): value is NodeJS.EventEmitter {
  return typeof value === 'object' && value !== null && 'once' in value;
}

function textOf(statement: unknown): string {
  const text =
    typeof statement === 'object' && statement !== null && 'text' in statement ? statement.text : statement;
  return typeof text === 'string' ? statementText(text) : '';
}

function codeOf(error: unknown): string {
  const isCoded = typeof error === 'object' && error !== null && 'code' in error;
  return isCoded && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}
