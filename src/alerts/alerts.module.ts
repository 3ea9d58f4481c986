import { Module, type DynamicModule } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import type { ProcessEnvironment } from '../platform/config/process-environment.js';
import { Database } from '../platform/database/database.js';
import type { MailTransport } from '../platform/mail/mail.js';
import { AlertChecks } from './alert-checks.service.js';
import { AlertDeliveryService } from './alert-delivery.service.js';
import { loadAlertsConfig, type AlertsConfig } from './alerts-config.js';
import { AlertsQueries } from './alerts.queries.js';
import { AlertsService } from './alerts.service.js';

const ALERTS_CONFIG = Symbol('ALERTS_CONFIG');

export interface AlertsParts {
  readonly configDir: string;
  /** Where addresses and secrets of webhooks are, by the names that config/alerts.yaml gives. */
  readonly variables: ProcessEnvironment;
  /** Opened and closed by the composition root. */
  readonly transport: MailTransport;
}

@Module({})
export class AlertsModule {
  /** A start with an alerts file that cannot be taken fails. */
  static over({ configDir, variables, transport }: AlertsParts): DynamicModule {
    const inject = [Database, Clock, ALERTS_CONFIG];
    return {
      module: AlertsModule,
      global: true,
      providers: [
        { provide: ALERTS_CONFIG, useFactory: () => loadAlertsConfig(configDir, variables) },
        {
          provide: AlertsService,
          inject,
          useFactory: (db: Database, clock: Clock, config: AlertsConfig) =>
            new AlertsService(db, clock, config),
        },
        {
          provide: AlertChecks,
          inject: [...inject, AlertsService],
          useFactory: (db: Database, clock: Clock, config: AlertsConfig, alerts: AlertsService) =>
            new AlertChecks(db, clock, alerts, config),
        },
        {
          provide: AlertDeliveryService,
          inject,
          useFactory: (db: Database, clock: Clock, config: AlertsConfig) =>
            new AlertDeliveryService(db, clock, config, transport),
        },
        AlertsQueries,
      ],
      exports: [AlertsService, AlertChecks, AlertDeliveryService, AlertsQueries],
    };
  }
}
