import type { CommandHandler } from '../command.js';
import { withDatabase } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { printTable } from '../table.js';

export const dbMigrate: CommandHandler = (call) =>
  withDatabase(call, async ({ url }) => {
    const { migrate } = await import('../../platform/database/migrate.js');
    const status = await migrate(url);
    call.output.line(call.output.t('show.schemaDone', { count: status.applied.length }));
    call.output.data(status);
    return EXIT.done;
  });

export const dbStatus: CommandHandler = (call) =>
  withDatabase(call, async ({ url }) => {
    const { migrationStatus } = await import('../../platform/database/migrate.js');
    const status = await migrationStatus(url);
    const { output } = call;
    printTable(
      output,
      [
        { title: output.t('show.columns.migration'), value: ({ name }) => name },
        { title: output.t('show.columns.state'), value: ({ state }) => output.t(`show.${state}`) },
      ],
      [
        ...status.applied.map((name) => ({ name, state: 'migrationApplied' })),
        ...status.pending.map((name) => ({ name, state: 'migrationPending' })),
      ],
    );
    output.data(status);
    return EXIT.done;
  });
