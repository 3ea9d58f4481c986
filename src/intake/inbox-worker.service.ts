import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { InboxService } from './inbox.service.js';

const LOOK_EVERY_MS = 1_000;
/** A source rests so many times as long as it was worked for, while it goes on sending. */
const RESTS = 6;
const LONGEST_REST_MS = 3_000;
/** Without another request for so long, nothing more is to be gathered. */
const QUIET_MS = 100;

/** Looks after the inbox in a serving process: what this or any other process took and has not carried out. */
@Injectable()
export class InboxWorker implements BeforeApplicationShutdown {
  private readonly logger = new Logger('inbox');
  private readonly busy = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;
  /** Sources that are about to be drained. */
  private readonly woken = new Map<string, NodeJS.Timeout>();
  /** When a source may be drained again. */
  private readonly restUntil = new Map<string, number>();

  constructor(private readonly inbox: InboxService) {}

  start(): void {
    if (this.timer !== null || this.stopped) return;
    this.timer = setInterval(() => this.track(this.look()), LOOK_EVERY_MS);
    this.track(this.look());
  }

  /**
   * Carries out what waits for the source, behind the answer: at once, or, where the source has just been served, as soon
   * as it pauses, at the latest after a rest of a few times what that took: what comes record by record is carried out by
   * the hundred, and leaves room for what comes.
   */
  wake(source: string): void {
    if (this.stopped) return;
    const rest = Math.max(0, (this.restUntil.get(source) ?? 0) - performance.now());
    const before = this.woken.get(source);
    // Its time has come: it is not put off once more.
    if (before !== undefined && rest === 0) return;
    clearTimeout(before);
    this.woken.set(
      source,
      setTimeout(
        () => {
          this.woken.delete(source);
          this.track(this.drain(source));
        },
        Math.min(rest, QUIET_MS),
      ),
    );
  }

  /** Begins nothing new and waits for what is being applied. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
    for (const timer of this.woken.values()) clearTimeout(timer);
    await Promise.all(this.busy);
  }

  private async look(): Promise<void> {
    // One look at a time: a slow database is not helped by more of them.
    if (this.busy.size > 1) return;
    for (const source of await this.inbox.due()) {
      if (this.stopped) return;
      const isResting = (this.restUntil.get(source) ?? 0) > performance.now();
      if (!isResting) await this.drain(source);
    }
  }

  private async drain(source: string): Promise<void> {
    const from = performance.now();
    try {
      await this.inbox.drain(source);
    } finally {
      const now = performance.now();
      this.restUntil.set(source, now + Math.min(LONGEST_REST_MS, RESTS * (now - from)));
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
