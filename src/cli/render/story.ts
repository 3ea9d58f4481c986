import type { RejectionItem } from '../../intake/rejections.service.js';
import type { Run } from '../../intake/run.js';
import type { PlanLine } from '../../intake/runs.queries.js';

/** What one run, or several together, did or would do, as far as one screen tells it. */
export interface Story {
  /** Instant for which it was decided: what is past and what is to come. */
  readonly decidedForAt: string;
  readonly rowsRejected: number;
  readonly changes: Run['changes'];
  readonly verdicts: Run['verdicts'];
  readonly followUps: Run['followUps'];
  /** Lines that are no history, at most a few thousand. */
  readonly lines: readonly PlanLine[];
  readonly withheld: readonly { readonly kind: string; readonly because: string; readonly count: number }[];
  readonly reasons: readonly { readonly category: string; readonly count: number }[];
  readonly rejections: readonly RejectionItem[];
}
