import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { InboxService } from './inbox.service.js';

const LOOK_EVERY_MS = 1_000;

/** Looks after the inbox in a serving process: what this or any other process took and has not carried out. */
@Injectable()
export class InboxWorker implements BeforeApplicationShutdown {
  private readonly logger = new Logger('inbox');
  private readonly busy = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(private readonly inbox: InboxService) {}

  start(): void {
    if (this.timer !== null || this.stopped) return;
    this.timer = setInterval(() => this.track(this.look()), LOOK_EVERY_MS);
    this.track(this.look());
  }

  /** Carries out what waits for the source, behind the answer. */
  wake(source: string): void {
    if (!this.stopped) this.track(this.inbox.drain(source));
  }

  /** Begins nothing new and waits for what is being applied. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
    await Promise.all(this.busy);
  }

  private async look(): Promise<void> {
    // One look at a time: a slow database is not helped by more of them.
    if (this.busy.size > 1) return;
    for (const source of await this.inbox.due()) {
      if (this.stopped) return;
      await this.inbox.drain(source);
    }
  }

  /** Whatever goes wrong, the rows are still there for the next look; what it was is said. */
  private track(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => {
        this.logger.error(
          error instanceof AppError ? error.code : error instanceof Error ? error.name : 'UNKNOWN',
        );
      })
      .finally(() => this.busy.delete(watched));
    this.busy.add(watched);
  }
}
