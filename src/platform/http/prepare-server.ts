import type { IncomingMessage } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import helmet from 'helmet';
import { DOCS_CSP, DOCS_SCRIPT, renderDocsPage } from './docs-page.js';
import { openApiDocument } from './openapi.js';
import { RoutesService } from './routes.service.js';

/** The little that a page needs of the HTTP server's response. */
interface PageResponse {
  set(headers: Readonly<Record<string, string>>): unknown;
  send(body: string): unknown;
  redirect(status: number, address: string): unknown;
}

const DOCS_PATH = 'api/docs';
const FORM_LIMIT = '16kb';
/** The pages behind links in mails: the only ones that take a form. */
const FORM_PATHS = /^\/[siu]\//;
const HEADERS_TIMEOUT_MS = 20_000;
/** Bodies have limits of their own; this is for an upload over a slow line. */
const REQUEST_TIMEOUT_MS = 3_600_000;
const YEAR_SECS = 31_536_000;

/**
 * Headers, forms and documentation of the server; call it before it listens. Bodies of the API are read by its routes:
 * the application must be created with `bodyParser: false`.
 */
export function prepareServer(app: NestExpressApplication, version: string): void {
  app.disable('x-powered-by');
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'", 'data:'],
          fontSrc: ["'self'"],
          connectSrc: ["'self'"],
          objectSrc: ["'none'"],
          baseUri: ["'none'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
        },
      },
      strictTransportSecurity: { maxAge: YEAR_SECS, includeSubDomains: true },
      referrerPolicy: { policy: 'no-referrer' },
      xFrameOptions: { action: 'deny' },
    }),
  );
  app.useBodyParser('urlencoded', {
    limit: FORM_LIMIT,
    extended: false,
    type: (request: IncomingMessage) =>
      FORM_PATHS.test(request.url ?? '') &&
      (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded'),
  });
  const server = app.getHttpServer();
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  serveDocumentation(app, version);
}

/** The document at /api/openapi.json and its pages at /api/docs, with assets of this installation only. */
function serveDocumentation(app: NestExpressApplication, version: string): void {
  const routes = app.get(RoutesService);
  const page = renderDocsPage(`/${DOCS_PATH}`);
  const show = (_request: unknown, response: PageResponse) => {
    response.set({ 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': DOCS_CSP });
    response.send(page);
  };
  const server = app.getHttpAdapter();
  // Before the library's own page, whose inline styles this server does not allow; its assets are what is used of it.
  for (const path of ['', '/', '/index.html']) server.get(`/${DOCS_PATH}${path}`, show);
  server.get(`/${DOCS_PATH}/show.js`, (_request: unknown, response: PageResponse) => {
    response.set({ 'Content-Type': 'text/javascript; charset=utf-8' });
    response.send(DOCS_SCRIPT);
  });
  // Until there is a console, the address that the service prints leads here.
  server.get('/', (_request: unknown, response: PageResponse) => response.redirect(302, `/${DOCS_PATH}`));
  // The pages read paths and components; the library's own type wants more than JSON Schema gives.
  const document = () => openApiDocument(routes.list(), version) as unknown as OpenAPIObject;
  SwaggerModule.setup(DOCS_PATH, app, document, { jsonDocumentUrl: 'api/openapi.json', raw: ['json'] });
}
