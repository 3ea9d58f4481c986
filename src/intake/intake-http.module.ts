import { Module, type DynamicModule } from '@nestjs/common';
import { FileStoreService } from './file-store.service.js';
import { InboxQueries } from './inbox.queries.js';
import { InboxService } from './inbox.service.js';
import { InboxWorker } from './inbox-worker.service.js';
import { PoliciesController } from './policies.controller.js';
import { PushController } from './push.controller.js';
import { RunsController } from './runs.controller.js';
import { ScopedRunsQueries } from './scoped-runs.queries.js';

/** What HTTP adds to the intake: its routes, and the inbox that they promise by. Needs IntakeModule beside it. */
@Module({})
export class IntakeHttpModule {
  static over(intake: DynamicModule): DynamicModule {
    return {
      module: IntakeHttpModule,
      imports: [intake],
      controllers: [PoliciesController, PushController, RunsController],
      providers: [FileStoreService, InboxQueries, InboxService, InboxWorker, ScopedRunsQueries],
      exports: [InboxService, InboxWorker],
    };
  }
}
