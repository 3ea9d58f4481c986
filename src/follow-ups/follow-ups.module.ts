import type { DynamicModule } from '@nestjs/common';
import { Logger, Module } from '@nestjs/common';
import { AnswersService } from './answers.service.js';
import { FollowUpQueries } from './follow-up.queries.js';
import { FollowUpRunner } from './follow-up-runner.service.js';
import { FollowUpWorkers } from './follow-up-workers.service.js';
import { FollowUpsService } from './follow-ups.service.js';
import type { FollowUps } from './follow-ups.setup.js';
import { COMPANY_PROFILES } from './follow-ups.tokens.js';
import { IntentsService } from './intents.service.js';
import { LeaverPagesController } from './leaver-pages.controller.js';
import { MailboxQueries } from './mailbox.queries.js';

/** Follow-ups inside the server: pages, services, and the workers where the role asks for them. */
@Module({})
export class FollowUpsModule {
  /** @param followUps opened by the composition root; closed with the application */
  static over(
    followUps: FollowUps,
    { workers, clockStands = false }: { readonly workers: boolean; readonly clockStands?: boolean },
  ): DynamicModule {
    const logger = new Logger('follow-ups');
    const onError = (error: unknown) => logger.error(error instanceof Error ? error.message : 'relay');
    const exported = [
      { provide: IntentsService, useValue: followUps.intents },
      { provide: FollowUpsService, useValue: followUps.service },
      { provide: FollowUpRunner, useValue: followUps.runner },
      { provide: FollowUpQueries, useValue: followUps.queries },
      { provide: MailboxQueries, useValue: followUps.mailbox },
    ];
    return {
      module: FollowUpsModule,
      controllers: [LeaverPagesController],
      providers: [
        ...exported,
        { provide: AnswersService, useValue: followUps.answers },
        { provide: COMPANY_PROFILES, useValue: followUps.companies },
        {
          provide: FollowUpWorkers,
          useFactory: () => new FollowUpWorkers(followUps, { isWorker: workers, clockStands }, onError),
        },
      ],
      exports: exported.map(({ provide }) => provide),
    };
  }
}
