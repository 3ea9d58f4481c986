import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../domain/app-error.js';
import type { Env } from '../../platform/config/env.js';
import type { Database } from '../../platform/database/database.js';
import type { Check, Finding } from '../../platform/health/check.js';
import type { CommandCall, CommandHandler } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { asAppError } from '../failure.js';

/** Looks at everything that Enishi stands on, and says for each thing that is wrong how to mend it. Changes nothing. */
export const doctor: CommandHandler = async (call) => {
  const { output } = call;
  const { t } = output;
  const findings = await examine(call);
  for (const { name, status, problem, details } of findings) {
    const mark =
      status === 'up' ? output.good('✓') : status === 'degraded' ? output.warn('!') : output.bad('✗');
    const seen = Object.entries(details).map(([key, value]) => `${key} ${value ?? '–'}`);
    output.line(
      `${mark} ${output.bold(t(`sight.checks.${name}`))}  ${problem === null ? output.dim(seen.join(', ')) : problem.title}`,
    );
    if (problem?.expected !== undefined) output.line(`    ${t('cli.error.expected')}: ${problem.expected}`);
    if (problem !== null) output.line(`    ${t('cli.error.remedy')}: ${problem.remedy}`);
  }
  const isDown = findings.some(({ status }) => status === 'down');
  output.line();
  output.line(isDown ? output.bad(t('sight.doctorBad')) : output.good(t('sight.doctorGood')));
  output.data({ healthy: !isDown, checks: findings });
  return isDown ? EXIT.failed : EXIT.done;
};

async function examine(call: CommandCall): Promise<Finding[]> {
  const { runCheck } = await import('../../platform/health/check.js');
  const { loadEnv } = await import('../../platform/config/env.js');
  const { language } = call.output;
  const run = (checks: readonly Check[]) => Promise.all(checks.map((check) => runCheck(check, language)));
  let env: Env;
  try {
    env = loadEnv({ ...call.env });
  } catch (error) {
    return run([failing('environment', error)]);
  }
  const { diskCheck, encodingsCheck } = await import('../../platform/health/checks.js');
  const found = await run([
    { name: 'environment', isVital: true, run: () => Promise.resolve({ production: env.production }) },
    keysCheck(env),
    configurationCheck(env),
    encodingsCheck(),
    diskCheck(env.home),
    await mailServerCheck(env),
    ...(env.redisUrls.length > 0 ? [redisCheck(env)] : []),
  ]);
  return [...found, ...(await examineDatabase(call, env, run))];
}

async function examineDatabase(
  call: CommandCall,
  env: Env,
  run: (checks: readonly Check[]) => Promise<Finding[]>,
): Promise<Finding[]> {
  const { withDatabase } = await import('../context.js');
  const { Clock } = await import('../../platform/clock/clock.js');
  const { Database } = await import('../../platform/database/database.js');
  const { clockCheck, databaseCheck, migrationsCheck } = await import('../../platform/health/checks.js');
  try {
    return await withDatabase(call, async ({ url }) => {
      const database = new Database(url, 2);
      try {
        const [reached] = await run([databaseCheck(database)]);
        if (reached === undefined || reached.status !== 'up') return reached === undefined ? [] : [reached];
        return [
          reached,
          ...(await run([
            migrationsCheck(url),
            clockCheck(database, new Clock(env.now ?? null)),
            auditRightsCheck(database, env),
          ])),
        ];
      } finally {
        await database.onApplicationShutdown();
      }
    });
  } catch (error) {
    return run([failing('database', error)]);
  }
}

/** The embedded database belongs to the one account that uses it: no role could be kept from anything there. */
function auditRightsCheck(database: Database, env: Env): Check {
  return {
    name: 'audit',
    isVital: false,
    async run() {
      const { auditRights } = await import('../../platform/audit/audit.service.js');
      const [chain] = await database.query<{ is_there: boolean }>(
        `select to_regclass('audit_entry') is not null as is_there`,
      );
      // Told by the check of the schema.
      if (chain?.is_there !== true) return { rights: null };
      const rights = (await auditRights(database.pool)).join(', ');
      if (rights === '' || env.databaseUrl === undefined) return { rights };
      throw new AppError('AUDIT_RIGHTS_TOO_WIDE', { details: { rights } });
    },
  };
}

function failing(name: string, error: unknown): Check {
  return { name, isVital: true, run: () => Promise.reject(asAppError(error)) };
}

/** A key that lies in a home is fine on one machine, and not what several processes share. */
function keysCheck(env: Env): Check {
  return {
    name: 'keys',
    isVital: false,
    run() {
      const file = join(env.home, 'secret-key');
      const isShared = env.databaseUrl !== undefined && !env.production && existsSync(file);
      if (isShared) return Promise.reject(new AppError('KEY_IN_HOME', { details: { file } }));
      return Promise.resolve({ length: env.secretKey.length });
    },
  };
}

function configurationCheck({ configDir }: Env): Check {
  return {
    name: 'configuration',
    isVital: true,
    async run() {
      const { loadGroupConfig } = await import('../../platform/config/group-config.js');
      const { readConfigFile } = await import('../../platform/config/config-file.js');
      const { followUpRulesSchema } = await import('../../domain/follow-up.js');
      const { compileLeavingReasons, leavingReasonsSchema } = await import('../../domain/leaving-reason.js');
      const { compilePolicy, policySchema } = await import('../../domain/eligibility-policy.js');
      const { loadLetterTemplates } = await import('../../follow-ups/letter.js');
      const group = await loadGroupConfig(configDir);
      await readConfigFile(configDir, 'follow-ups.yaml', followUpRulesSchema);
      compileLeavingReasons(await readConfigFile(configDir, 'leaving-reasons.yaml', leavingReasonsSchema));
      compilePolicy(await readConfigFile(configDir, 'rehire-policy.yaml', policySchema));
      await loadLetterTemplates(join(configDir, 'templates'));
      return { companies: group.companies.size, sources: group.sources.size };
    },
  };
}

async function mailServerCheck({ smtpUrl }: Env): Promise<Check> {
  const { mailCheck } = await import('../../platform/health/checks.js');
  const { localMailbox } = await import('../../platform/mail/local-mailbox.js');
  const { smtpMail } = await import('../../platform/mail/smtp-mail.js');
  const { OutageBreaker } = await import('../../platform/queue/outage-breaker.js');
  const transport = smtpUrl === undefined ? localMailbox() : smtpMail({ url: smtpUrl, timeoutMs: 2_500 });
  const never = new OutageBreaker({ failuresToOpen: 1, probeMs: 1, probe: () => Promise.resolve() });
  const check = mailCheck(transport, never, true);
  return {
    ...check,
    isVital: true,
    run: () => check.run().finally(() => transport.close()),
  };
}

/** On PostgreSQL the queue stands and falls with the database. */
function redisCheck(env: Env): Check {
  return {
    name: 'queue',
    isVital: true,
    async run() {
      const { inspectRedis } = await import('../../platform/queue/queue-backend.js');
      await inspectRedis(env.redisUrls, env.production);
      return { nodes: env.redisUrls.length };
    },
  };
}
