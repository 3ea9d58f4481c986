import type { BrakeReading } from '../domain/brake.js';
import type { ChangeKind } from '../domain/plan.js';
import type { ErrorDetail } from '../domain/app-error.js';
import type { Profile } from './mapping/profile.js';

export type RunStatus =
  'reading' | 'planned' | 'held' | 'applying' | 'applied' | 'rejected' | 'failed' | 'reverted';
export type RunKind = 'file' | 'push' | 'sync' | 'policy' | 'revert' | 'identity' | 'rebuild';
export type RunMode = 'full' | 'delta';

export interface RowCounts {
  readonly read: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Within accepted: already known word for word. */
  readonly unchanged: number;
  readonly suppressed: number;
}

export type ChangeCounts = Readonly<Record<ChangeKind, number>>;

export interface VerdictCounts {
  readonly eligible: number;
  readonly review: number;
  readonly ineligible: number;
  readonly unknown: number;
}

export interface FollowUpCounts {
  readonly planned: number;
  readonly rescheduled: number;
  readonly cancelled: number;
}

/** Something a person should know about a run, by code; details hold counts and names of settings only. */
export interface RunNote {
  readonly code: string;
  readonly details: Readonly<Record<string, ErrorDetail>>;
}

/** One reading of a source, as it is kept. Instants are ISO 8601 UTC. */
export interface Run {
  readonly id: string;
  readonly source: string;
  readonly kind: RunKind;
  readonly mode: RunMode;
  readonly status: RunStatus;
  readonly dryRun: boolean;
  readonly fileSha256: string | null;
  readonly fileName: string | null;
  readonly encoding: string | null;
  readonly delimiter: string | null;
  readonly header: readonly string[] | null;
  readonly profile: string | null;
  /** The profile as it was used: rejected rows are read by the same one again. */
  readonly profileContent: Profile | null;
  readonly asOfAt: string;
  /** The instant that counted as now when the plan was made; an approval plans again for the same instant. */
  readonly decidedForAt: string;
  readonly firstOfSource: boolean;
  readonly expectRows: number | null;
  /** The whole file was read and its declared count and hash, if any, matched. */
  readonly seenToEnd: boolean;
  readonly planHash: string | null;
  readonly itemCount: number;
  readonly appliedSeq: number;
  readonly rows: RowCounts;
  readonly changes: ChangeCounts;
  readonly verdicts: VerdictCounts;
  readonly followUps: FollowUpCounts;
  readonly brakes: readonly BrakeReading[];
  readonly notes: readonly RunNote[];
  readonly error: { readonly code: string; readonly details: Readonly<Record<string, ErrorDetail>> } | null;
  readonly startedBy: string;
  readonly decidedBy: string | null;
  readonly decidedReason: string | null;
  readonly decidedAt: string | null;
  readonly applyAt: string | null;
  readonly revertsRunId: string | null;
  /** The run whose rejected rows this one sends again. */
  readonly retriesRunId: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

export const NO_ROWS: RowCounts = { read: 0, accepted: 0, rejected: 0, unchanged: 0, suppressed: 0 };
export const NO_CHANGES: ChangeCounts = {
  new_leaver: 0,
  amended: 0,
  rescinded: 0,
  rehired: 0,
  transferred: 0,
  suspected_absent: 0,
  disputed: 0,
  out_of_scope: 0,
};
export const NO_VERDICTS: VerdictCounts = { eligible: 0, review: 0, ineligible: 0, unknown: 0 };
export const NO_FOLLOW_UPS: FollowUpCounts = { planned: 0, rescheduled: 0, cancelled: 0 };
