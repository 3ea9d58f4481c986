import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { AppError } from '../../domain/app-error.js';
import type { Language } from '../i18n/locale.js';
import { runCheck, type Check, type Finding } from './check.js';

/** What this process has to say about itself. */
@Injectable()
export class HealthService implements BeforeApplicationShutdown {
  private isStopping = false;

  constructor(
    private readonly checks: readonly Check[],
    private readonly language: Language,
  ) {}

  /** From here on no new work may be given to this process. */
  beforeApplicationShutdown(): void {
    this.isStopping = true;
  }

  /** All checks at once, each with an answer in time. */
  async findings(language: Language = this.language): Promise<Finding[]> {
    const stopping: Check = {
      name: 'process',
      isVital: true,
      run: () => (this.isStopping ? Promise.reject(new AppError('PROCESS_STOPPING')) : Promise.resolve({})),
    };
    return Promise.all([stopping, ...this.checks].map((check) => runCheck(check, language)));
  }
}
