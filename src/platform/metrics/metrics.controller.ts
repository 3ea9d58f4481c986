import { Controller, Get, Res } from '@nestjs/common';
import { MetricsService } from './metrics.service.js';

interface Answer {
  setHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

/** Numbers only: no person, no address, no run. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: MetricsService) {}

  @Get()
  async scrape(@Res() response: Answer): Promise<void> {
    const text = await this.metrics.text();
    response.setHeader('Content-Type', this.metrics.contentType);
    response.setHeader('Cache-Control', 'no-store');
    response.end(text);
  }
}
