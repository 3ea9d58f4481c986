import { Injectable } from '@nestjs/common';

/** The only place that asks what time it is. `ENISHI_NOW` freezes it for demos and tests. */
@Injectable()
export class Clock {
  constructor(private readonly frozenAt: number | null = null) {}

  /** Milliseconds since the epoch. */
  now(): number {
    return this.frozenAt ?? Date.now();
  }

  /** The same instant as an ISO 8601 text in UTC, for timestamptz columns. */
  nowIso(): string {
    return new Date(this.now()).toISOString();
  }
}
