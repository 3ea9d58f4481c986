import { AppError } from '../../domain/app-error.js';
import { endOfDay } from '../../domain/calendar.js';
import { ROLES } from '../../platform/auth/access.js';
import { ApiKeysService } from '../../platform/auth/api-keys.service.js';
import { Clock } from '../../platform/clock/clock.js';
import { Database } from '../../platform/database/database.js';
import { actor, command, type App } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { printTable } from '../table.js';
import { zoneOf } from '../words.js';

function keysOf(app: App): ApiKeysService {
  return new ApiKeysService(app.get(Database), app.get(Clock));
}

/** A key of the API. It is printed this once; only its hash is kept. */
export const keysCreate = command(async (call, app) => {
  const { input, output } = call;
  const role = input.choice('role', ROLES) ?? 'source';
  const source = input.text('source') ?? null;
  const company = input.text('company') ?? null;
  const expires = input.day('expires');
  if (source !== null && !app.group.sources.has(source)) {
    const expected = [...app.group.sources.keys()].join(', ');
    throw new AppError('SOURCE_UNKNOWN', { details: { found: source, expected } });
  }
  if (company !== null && !app.group.companies.has(company)) {
    throw new AppError('COMPANY_UNKNOWN', { details: { company } });
  }
  const expiresAt =
    expires === undefined
      ? null
      : new Date(endOfDay(expires, zoneOf(app.group, company ?? undefined))).toISOString();
  const { key, item } = await keysOf(app).create({
    role,
    name: input.text('name') ?? source ?? role,
    source,
    company,
    expiresAt,
    by: actor(call),
  });
  output.line(output.bold(key));
  output.line(output.t('keys.shownOnce'));
  output.data({ key, ...item });
  return EXIT.done;
});

/** Every key, without its secret. */
export const keysList = command(async (call, app) => {
  const { output } = call;
  const items = await keysOf(app).list();
  const column = (key: string): string => output.t(`keys.columns.${key}`);
  printTable(
    output,
    [
      { title: column('id'), value: (item) => item.prefix },
      { title: column('name'), value: (item) => item.name },
      { title: column('role'), value: (item) => item.role },
      { title: column('source'), value: (item) => item.source },
      { title: column('company'), value: (item) => item.company },
      { title: column('lastUsed'), value: (item) => item.lastUsedAt },
      { title: column('until'), value: (item) => item.revokedAt ?? item.expiresAt },
    ],
    items,
  );
  output.data({ items });
  return EXIT.done;
});

/** Ends a key at once. */
export const keysRevoke = command(async (call, app) => {
  const key = call.input.argument('key');
  await keysOf(app).revoke(key, actor(call));
  call.output.line(call.output.t('keys.revoked', { key }));
  call.output.data({ key, revoked: true });
  return EXIT.done;
});
