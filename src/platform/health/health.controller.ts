import { Controller, Get, Header, Headers, HttpException, Query, Res } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { Language } from '../i18n/locale.js';
import type { Finding } from './check.js';
import { HealthService } from './health.service.js';

interface Answer {
  status(code: number): { json(body: object): unknown };
}

/** For orchestrators and for whoever is called at night: the answer says what is wrong and how to mend it. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthService,
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** The process answers; nothing else is asked, for a restart mends nothing else. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): object {
    return { status: 'ok' };
  }

  /** 200 when work may be given to this process, 503 when not; with every check, in the caller's language. */
  @Get('ready')
  async ready(
    @Query('lang') lang: unknown,
    @Headers('accept-language') accepted: unknown,
    @Res() response: Answer & { setHeader(name: string, value: string): unknown },
  ): Promise<void> {
    const findings = await this.health.findings(languageOf(lang, accepted));
    response.setHeader('Cache-Control', 'no-store');
    try {
      const result = await this.terminus.check(findings.map((finding) => () => this.indicate(finding)));
      response.status(200).json(result);
    } catch (error) {
      if (!(error instanceof HttpException)) throw error;
      response.status(503).json(Object(error.getResponse()) as object);
    }
  }

  private indicate({ name, status, details, problem }: Finding) {
    const indicator = this.indicators.check(name);
    const said = { ...details, ...problem };
    if (status === 'up') return indicator.up(said);
    return status === 'degraded' ? indicator.degraded(said) : indicator.down(said);
  }
}

function languageOf(lang: unknown, accepted: unknown): Language | undefined {
  const wanted = typeof lang === 'string' ? lang : typeof accepted === 'string' ? accepted : '';
  if (wanted.startsWith('ja')) return 'ja';
  return wanted.startsWith('en') ? 'en' : undefined;
}
