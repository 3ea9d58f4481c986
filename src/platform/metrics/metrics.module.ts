import { Module, type DynamicModule } from '@nestjs/common';
import { MetricsController } from './metrics.controller.js';
import { MetricsService, type MetricsSources } from './metrics.service.js';

@Module({})
export class MetricsModule {
  /** GET /metrics. */
  static over(sources: MetricsSources): DynamicModule {
    return {
      module: MetricsModule,
      controllers: [MetricsController],
      providers: [{ provide: MetricsService, useFactory: () => new MetricsService(sources) }],
    };
  }
}
