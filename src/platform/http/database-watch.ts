import type { IncomingMessage, ServerResponse } from 'node:http';
import { Client } from 'pg';
import { AppError } from '../../domain/app-error.js';
import { languageOf } from './language.js';
import { toProblem } from './problem.js';

/** How long a request may be without an answer before PostgreSQL is asked whether it is there. */
const PATIENCE_MS = 2_000;
const PROBE_MS = 1_500;
const RETRY_AFTER_SECS = 5;

/**
 * Answers 503 where PostgreSQL stands still: its connections are open then and simply say nothing, so that no error ever
 * comes. A request that takes long while PostgreSQL answers is left alone. What the request goes on to do when PostgreSQL
 * is back is done; its late answer is dropped, for the caller was told to come again.
 */
export function databaseWatch(url: string) {
  let probing: Promise<boolean> | null = null;
  const answers = (): Promise<boolean> => (probing ??= isAnswering(url).finally(() => (probing = null)));
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const timer = setInterval(() => {
      void answers().then((isThere) => {
        if (!isThere && !response.headersSent && !response.destroyed) giveUp(request, response);
      });
    }, PATIENCE_MS);
    timer.unref();
    response.once('close', () => clearInterval(timer));
    next();
  };
}

/** On a connection of its own: those of the pool may all be waiting. */
async function isAnswering(url: string): Promise<boolean> {
  const client = new Client({
    connectionString: url,
    application_name: 'enishi-watch',
    connectionTimeoutMillis: PROBE_MS,
    query_timeout: PROBE_MS,
  });
  client.on('error', () => undefined);
  const given = new Promise<false>((resolve) => setTimeout(() => resolve(false), PROBE_MS).unref());
  const asked = client
    .connect()
    .then(() => client.query('select 1'))
    .then(
      () => true,
      () => false,
    );
  const isThere = await Promise.race([asked, given]);
  // Its farewell may take as long as everything else there.
  void client.end().catch(() => undefined);
  return isThere;
}

function giveUp(request: IncomingMessage, response: ServerResponse): void {
  const language = languageOf(request.headers['accept-language']);
  const error = new AppError('DATABASE_UNAVAILABLE', {
    retryable: true,
    details: { retryAfter: RETRY_AFTER_SECS },
  });
  response.writeHead(503, {
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Language': language,
    'Cache-Control': 'no-store',
    'Retry-After': String(RETRY_AFTER_SECS),
    Vary: 'Accept-Language',
    Connection: 'close',
  });
  response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(toProblem(error, language))}\n`);
  // Whatever still works on the request answers into the void.
  response.setHeader = () => response;
  response.writeHead = () => response;
  response.write = () => true;
  response.end = () => response;
}
