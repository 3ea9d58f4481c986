import { Clock } from '../../platform/clock/clock.js';
import { Database } from '../../platform/database/database.js';
import { RestoreGuard } from '../../platform/health/restore-guard.js';
import { command } from '../context.js';
import { EXIT } from '../exit-codes.js';

/** For a restore that shows no sign of its own: into the same database, by a deployment that lost its home. */
export const dbRestored = command(async (call, app) => {
  const guard = new RestoreGuard(app.get(Database), [], () => undefined);
  await guard.mark('told', app.get(Clock).nowIso());
  call.output.line(call.output.t('sight.restoreMarked'));
  call.output.data({ restored: true });
  return EXIT.done;
});
