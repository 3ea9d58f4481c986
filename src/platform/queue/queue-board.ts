import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { AppError } from '../../domain/app-error.js';
import type { ApiKeysService } from '../auth/api-keys.service.js';
import { languageOf } from '../http/language.js';
import type { Language } from '../i18n/locale.js';
import type { JobQueues } from './job-queues.js';
import { QUEUE_BOARD_CSP, QueueBoardPages } from './queue-board-page.js';

export const QUEUE_BOARD_PATH = '/ops/queues';

interface BoardRequest {
  readonly method: string;
  /** Below the board. */
  readonly path: string;
  readonly headers: {
    readonly authorization?: string | undefined;
    readonly 'accept-language'?: string | undefined;
  };
}

interface BoardAnswer {
  setHeader(name: string, value: string): unknown;
  status(code: number): { json(body: object): unknown };
  send(body: string): unknown;
}

type Handler = (request: BoardRequest, response: BoardAnswer, next: (error?: unknown) => void) => void;

/** Only what this needs of the server. */
interface Mountable {
  use(path: string, ...handlers: unknown[]): unknown;
}

/**
 * The queues for an operator's eye: which jobs wait, run and fail, by their ids. Nothing can be changed there, and only
 * a key of role `admin` of the whole group gets in (as a bearer token, or as the password a browser asks for).
 */
export function mountQueueBoard(
  app: Mountable,
  queues: JobQueues,
  names: readonly string[],
  keys: Pick<ApiKeysService, 'authenticate'>,
): void {
  const serverAdapter = new QueueBoardPages();
  serverAdapter.setBasePath(QUEUE_BOARD_PATH);
  createBullBoard({
    queues: queues
      .readable(names)
      .map((queue) => new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false })),
    // The two packages are one patch release apart, and each brings the types of its own.
    serverAdapter: serverAdapter,
    options: { uiConfig: { boardTitle: 'Enishi' } },
  });
  app.use(
    QUEUE_BOARD_PATH,
    adminsOnly(keys),
    thePage({ ja: serverAdapter.page('ja'), en: serverAdapter.page('en') }),
    serverAdapter.getRouter(),
  );
}

/** Every address but those of data and assets is the page, which reads the rest of its address itself. */
function thePage(pages: Readonly<Record<Language, string>>): Handler {
  return (request, response, next) => {
    if (/^\/(?:api|static)\//.test(request.path)) return next();
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.setHeader('Content-Security-Policy', QUEUE_BOARD_CSP);
    response.setHeader('Vary', 'Accept-Language');
    response.send(pages[languageOf(request.headers['accept-language'])]);
  };
}

function adminsOnly(keys: Pick<ApiKeysService, 'authenticate'>): Handler {
  return (request, response, next) => {
    if (request.method !== 'GET') return refuse(response, 405, 'METHOD_NOT_ALLOWED');
    keys
      .authenticate(bearerOf(request.headers.authorization))
      .then(({ role, company }) => {
        if (role !== 'admin' || company !== null) return refuse(response, 403, 'FORBIDDEN');
        response.setHeader('Cache-Control', 'no-store');
        next();
      })
      .catch((error: unknown) => {
        if (!(error instanceof AppError)) return next(error);
        response.setHeader('WWW-Authenticate', 'Basic realm="Enishi: an admin key as the password"');
        refuse(response, 401, error.code);
      });
  };
}

function refuse(response: BoardAnswer, status: number, code: string): void {
  response.setHeader('Content-Type', 'application/problem+json');
  response.status(status).json({ type: 'about:blank', status, code, title: code });
}

/** A browser can only ask for a name and a password; the password is the key. */
function bearerOf(authorization: string | undefined): string | undefined {
  const basic = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (basic === undefined) return authorization;
  const text = Buffer.from(basic, 'base64').toString('utf8');
  return `Bearer ${text.slice(text.indexOf(':') + 1)}`;
}
