export interface OutageBreakerOptions {
  /** Failures in a row after which nothing is tried any more. */
  readonly failuresToOpen: number;
  /** How often the other side is asked whether it is back. */
  readonly probeMs: number;
  /** Resolves when it is back; a rejection means that it is not. */
  readonly probe: () => Promise<void>;
}

/** Told when the breaker opens and closes. */
export interface OutageListener {
  onOpen(): void;
  onClose(): void;
}

/**
 * Stops trying after failures in a row, asks now and then whether the other side is back, and lets work go on as soon
 * as it is. One per process: every process finds out for itself.
 */
export class OutageBreaker {
  private failures = 0;
  private timer: NodeJS.Timeout | null = null;
  private ended = false;
  private readonly listeners = new Set<OutageListener>();

  constructor(private readonly options: OutageBreakerOptions) {}

  get isOpen(): boolean {
    return this.timer !== null;
  }

  /** The listener is told of an outage that is already there. Answers with the way to stop listening. */
  listen(listener: OutageListener): () => void {
    this.listeners.add(listener);
    if (this.isOpen) listener.onOpen();
    return () => void this.listeners.delete(listener);
  }

  succeeded(): void {
    this.failures = 0;
    if (this.isOpen) this.close();
  }

  failed(): void {
    this.failures += 1;
    if (this.isOpen || this.ended || this.failures < this.options.failuresToOpen) return;
    this.timer = setInterval(() => void this.ask(), this.options.probeMs);
    for (const listener of this.listeners) listener.onOpen();
  }

  /** Ends the asking, for a process that ends. Safe to repeat. */
  end(): void {
    this.ended = true;
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  private async ask(): Promise<void> {
    const asked = this.timer;
    const isBack = await this.options.probe().then(
      () => true,
      () => false,
    );
    if (isBack && this.timer === asked && asked !== null) this.succeeded();
  }

  private close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.failures = 0;
    for (const listener of this.listeners) listener.onClose();
  }
}
