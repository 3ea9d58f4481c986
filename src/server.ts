import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Logger as PinoNestLogger } from 'nestjs-pino';
import { AppModule, type AppParts } from './app.module.js';
import { access, opening, QUIET, type AppOptions, type OpenedApp } from './app.js';
import { PeopleController } from './departures/people.controller.js';
import { FollowUpsController } from './follow-ups/follow-ups.controller.js';
import { InboxWorker } from './intake/inbox-worker.service.js';
import { IntakeHttpModule } from './intake/intake-http.module.js';
import { AuditController } from './platform/audit/audit.controller.js';
import { AuditService } from './platform/audit/audit.service.js';
import { OutsideUse } from './platform/audit/outside-use.js';
import { ApiKeysService } from './platform/auth/api-keys.service.js';
import type { Env, Role } from './platform/config/env.js';
import { sightRoutesOnly } from './platform/health/sight-routes.js';
import { databaseWatch } from './platform/http/database-watch.js';
import { HttpModule, type HttpSettings } from './platform/http/http.module.js';
import { prepareServer } from './platform/http/prepare-server.js';
import { RoutesService } from './platform/http/routes.service.js';
import type { Logger } from './platform/logging/logger.js';
import { sourceLogContext } from './platform/logging/logging.module.js';
import { mountQueueBoard } from './platform/queue/queue-board.js';
import { traceRequests } from './platform/tracing/http-spans.js';
import { CandidatesController } from './recruiting/candidates.controller.js';
import { RegistryController } from './rehire-registry/registry.controller.js';
import { sightModules } from './sight.js';

export interface OpenedServer extends OpenedApp {
  /** Where it listens. */
  readonly address: string;
}

const API_VERSION = '1.0.0';
/** The routes of features whose modules have none of their own. */
const CONTROLLERS = [
  AuditController,
  CandidatesController,
  FollowUpsController,
  PeopleController,
  RegistryController,
];

/** The house as a server: pages and API in roles `api` and `all`, workers in roles `worker` and `all`. */
export async function openServer(
  env: Env,
  options: AppOptions & {
    readonly role: Role;
    readonly port?: number;
    readonly logger: Logger;
    readonly http?: HttpSettings;
  },
): Promise<OpenedServer> {
  return opening(env, options, async (parts, closers) => {
    const workers = options.role !== 'api';
    const app = await NestFactory.create<NestExpressApplication>(
      AppModule.over(parts, {
        workers,
        controllers: CONTROLLERS,
        also: (intake) => [
          ...sightModules(parts, options.role, options.logger),
          HttpModule.over(parts.env, options.http ?? {}),
          IntakeHttpModule.over(intake),
        ],
      }),
      { ...QUIET, bodyParser: false },
    );
    closers.push(() => app.close());
    const outside = outsideUse(app, parts, options.onError);
    closers.push(() => outside.settled());
    if (parts.tracing !== undefined) app.use(traceRequests(parts.tracing.telemetry));
    app.use(sourceLogContext);
    app.use(databaseWatch(parts.database.url));
    if (options.role === 'worker') app.use(sightRoutesOnly);
    app.use(outside.middleware);
    prepareServer(app, API_VERSION);
    const { queues, queueNames } = parts.followUps;
    mountQueueBoard(app, queues, queueNames, app.get(ApiKeysService, { strict: false }));
    await app.listen(options.port ?? env.port);
    app.get(InboxWorker).start();
    // From here on: Nest's list of everything that it has put together helps nobody who reads a log.
    app.useLogger(app.get(PinoNestLogger));
    return { ...access(app, closers), address: await app.getUrl() };
  });
}

/** Keys that were used for what is not theirs leave a trace. */
function outsideUse(
  app: NestExpressApplication,
  { database, clock, group }: AppParts,
  onError: (error: Error) => void,
): OutsideUse {
  const audit = app.get(AuditService, { strict: false });
  const keys = app.get(ApiKeysService, { strict: false });
  const routes = app.get(RoutesService, { strict: false });
  return new OutsideUse({
    database,
    clock,
    group,
    audit,
    keys,
    routes: () => routes.list(),
    onError: (error) => onError(error instanceof Error ? error : new Error('UNEXPECTED', { cause: error })),
  });
}
