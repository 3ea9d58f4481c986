import type { Run } from '../../intake/run.js';
import { EXIT, type ExitCode } from '../exit-codes.js';

/** The answer of `import --json` and of every command that ends with a run. */
export function runResult(run: Run) {
  const { id, source, mode, status, planHash, startedAt, finishedAt } = run;
  return {
    run: { id, source, kind: run.kind, mode, status, dryRun: run.dryRun, planHash, startedAt, finishedAt },
    rows: run.rows,
    changes: run.changes,
    verdicts: run.verdicts,
    followUps: run.followUps,
    brakes: run.brakes,
    notes: run.notes,
    error: run.error,
  };
}

/** A dry run ends as the import itself would. */
export function exitCodeOfRun(run: Run): ExitCode {
  if (run.status === 'failed') return EXIT.failed;
  if (run.status === 'held') return EXIT.held;
  if (run.dryRun && run.status === 'planned' && run.brakes.some((brake) => brake.tripped)) return EXIT.held;
  return run.rows.rejected > 0 ? EXIT.rejected : EXIT.done;
}
