import type { CommandSpec, OptionSpec } from './command.js';

const COMPANY: OptionSpec = { flags: '--company <id>' };
const RUN: OptionSpec = { flags: '--run <id>' };
const REASON: OptionSpec = { flags: '--reason <text>', required: true };
const AS: OptionSpec = { flags: '--as <name>' };
const LIMIT: OptionSpec = { flags: '--limit <n>' };
const VERDICTS = ['eligible', 'review', 'ineligible', 'unknown'];

const running: readonly CommandSpec[] = [
  {
    path: 'serve',
    options: [{ flags: '--role <role>', choices: ['all', 'api', 'worker'] }, { flags: '--port <n>' }],
    load: async () => (await import('./commands/serve.js')).serve,
  },
  {
    path: 'demo',
    options: [{ flags: '--exit' }],
    load: async () => (await import('./commands/demo.js')).demo,
  },
  { path: 'doctor', load: async () => (await import('./commands/doctor.js')).doctor },
  { path: 'db migrate', load: async () => (await import('./commands/db.js')).dbMigrate },
  { path: 'db restored', load: async () => (await import('./commands/db-restored.js')).dbRestored },
  { path: 'db status', load: async () => (await import('./commands/db.js')).dbStatus },
  {
    path: 'keys create',
    options: [
      { flags: '--role <role>', choices: ['source', 'recruiter', 'hr', 'admin', 'auditor'], required: true },
      { flags: '--source <id>' },
      COMPANY,
      { flags: '--expires <day>' },
      { flags: '--name <name>' },
      AS,
    ],
    load: async () => (await import('./commands/keys.js')).keysCreate,
  },
  { path: 'keys list', load: async () => (await import('./commands/keys.js')).keysList },
  {
    path: 'keys revoke',
    args: ['<key>'],
    options: [AS],
    load: async () => (await import('./commands/keys.js')).keysRevoke,
  },
];

const intake: readonly CommandSpec[] = [
  { path: 'sources list', load: async () => (await import('./commands/sources.js')).sourcesList },
  {
    path: 'sources test',
    args: ['<source>'],
    load: async () => (await import('./commands/sources.js')).sourcesTest,
  },
  { path: 'connectors list', load: async () => (await import('./commands/sources.js')).connectorsList },
  {
    path: 'import',
    args: ['<file>'],
    options: [
      { flags: '--source <id>', required: true },
      { flags: '--profile <name>' },
      { flags: '--mode <mode>', choices: ['full', 'delta'] },
      { flags: '--as-of <day>' },
      { flags: '--expect-rows <n>' },
      { flags: '--sha256 <hex>' },
      { flags: '--encoding <name>' },
      { flags: '--dry-run' },
    ],
    load: async () => (await import('./commands/import.js')).importFile,
  },
  {
    path: 'sync',
    args: ['[source...]'],
    options: [{ flags: '--all' }, { flags: '--full' }, { flags: '--dry-run' }, AS],
    load: async () => (await import('./commands/sync.js')).sync,
  },
  {
    path: 'mapping suggest',
    args: ['<file>'],
    options: [{ flags: '--encoding <name>' }],
    load: async () => (await import('./commands/mapping.js')).mappingSuggest,
  },
  {
    path: 'runs list',
    options: [{ flags: '--source <id>' }, { flags: '--status <status>' }, LIMIT],
    load: async () => (await import('./commands/runs.js')).runsList,
  },
  { path: 'runs show', args: ['<run>'], load: async () => (await import('./commands/runs.js')).runsShow },
  {
    path: 'runs plan',
    args: ['<run>'],
    options: [LIMIT],
    load: async () => (await import('./commands/runs.js')).runsPlan,
  },
  {
    path: 'runs approve',
    args: ['<run>'],
    options: [{ flags: '--plan <hash>', required: true }, REASON, AS],
    load: async () => (await import('./commands/run-decisions.js')).runsApprove,
  },
  {
    path: 'runs reject',
    args: ['<run>'],
    options: [REASON, AS],
    load: async () => (await import('./commands/run-decisions.js')).runsReject,
  },
  {
    path: 'runs revert',
    args: ['<run>'],
    options: [REASON, AS],
    load: async () => (await import('./commands/run-decisions.js')).runsRevert,
  },
  {
    path: 'rejections list',
    options: [RUN, { flags: '--csv <file>' }],
    load: async () => (await import('./commands/rejections.js')).rejectionsList,
  },
  {
    path: 'rejections retry',
    args: ['<file>'],
    load: async () => (await import('./commands/rejections.js')).rejectionsRetry,
  },
];

const people: readonly CommandSpec[] = [
  {
    path: 'person show',
    args: ['<person>'],
    load: async () => (await import('./commands/person.js')).personShow,
  },
  {
    path: 'person split',
    args: ['<person>'],
    options: [{ flags: '--employment <key>', many: true }, AS],
    load: async () => (await import('./commands/person.js')).personSplit,
  },
  {
    path: 'matches list',
    options: [LIMIT],
    load: async () => (await import('./commands/matches.js')).matchesList,
  },
  {
    path: 'matches decide',
    args: ['<id>'],
    options: [{ flags: '--same' }, { flags: '--different' }, AS],
    load: async () => (await import('./commands/matches.js')).matchesDecide,
  },
];

const registry: readonly CommandSpec[] = [
  {
    path: 'registry list',
    options: [{ flags: '--verdict <verdict>', choices: VERDICTS }, COMPANY, LIMIT],
    load: async () => (await import('./commands/registry.js')).registryList,
  },
  {
    path: 'registry show',
    args: ['<person>'],
    load: async () => (await import('./commands/registry.js')).registryShow,
  },
  {
    path: 'registry override',
    args: ['<person>'],
    options: [
      { flags: '--verdict <verdict>', choices: VERDICTS, required: true },
      REASON,
      { flags: '--until <day>' },
      COMPANY,
      AS,
    ],
    load: async () => (await import('./commands/registry-changes.js')).registryOverride,
  },
  {
    path: 'registry rebuild',
    options: [{ flags: '--check' }],
    load: async () => (await import('./commands/registry-changes.js')).registryRebuild,
  },
  {
    path: 'registry export',
    args: ['<file>'],
    load: async () => (await import('./commands/registry.js')).registryExport,
  },
  {
    path: 'registry at',
    args: ['<day>'],
    options: [LIMIT],
    load: async () => (await import('./commands/registry.js')).registryAt,
  },
  { path: 'policy list', load: async () => (await import('./commands/policy.js')).policyList },
  {
    path: 'policy check',
    args: ['[file]'],
    load: async () => (await import('./commands/policy.js')).policyCheck,
  },
  {
    path: 'policy preview',
    args: ['<file>'],
    options: [LIMIT],
    load: async () => (await import('./commands/policy.js')).policyPreview,
  },
  {
    path: 'policy activate',
    args: ['<file>'],
    options: [AS],
    load: async () => (await import('./commands/policy.js')).policyActivate,
  },
  {
    path: 'candidates search',
    args: ['[text]'],
    options: [
      { flags: '--verdict <verdict>', choices: VERDICTS },
      COMPANY,
      { flags: '--department <name>' },
      { flags: '--left-after <day>' },
      { flags: '--left-before <day>' },
      { flags: '--skill <name>' },
      LIMIT,
    ],
    load: async () => (await import('./commands/candidates.js')).candidatesSearch,
  },
];

const followUps: readonly CommandSpec[] = [
  {
    path: 'follow-ups list',
    options: [{ flags: '--state <state>' }, { flags: '--kind <kind>' }, LIMIT],
    load: async () => (await import('./commands/follow-ups.js')).followUpsList,
  },
  { path: 'follow-ups run', load: async () => (await import('./commands/follow-ups.js')).followUpsRun },
  { path: 'follow-ups pause', load: async () => (await import('./commands/follow-ups.js')).followUpsPause },
  {
    path: 'follow-ups resume',
    options: [{ flags: '--confirm-restore' }, AS],
    load: async () => (await import('./commands/follow-ups.js')).followUpsResume,
  },
  {
    path: 'follow-ups resolve',
    args: ['<id>'],
    options: [{ flags: '--sent' }, { flags: '--resend' }, AS],
    load: async () => (await import('./commands/follow-ups.js')).followUpsResolve,
  },
  {
    path: 'mailbox list',
    options: [LIMIT],
    load: async () => (await import('./commands/mailbox.js')).mailboxList,
  },
  {
    path: 'mailbox show',
    args: ['<id>'],
    load: async () => (await import('./commands/mailbox.js')).mailboxShow,
  },
];

const oversight: readonly CommandSpec[] = [
  {
    path: 'audit verify',
    options: [{ flags: '--anchors <file>' }],
    load: async () => (await import('./commands/audit.js')).auditVerify,
  },
  {
    path: 'audit export',
    args: ['[file]'],
    options: [{ flags: '--kind <kind>' }],
    load: async () => (await import('./commands/audit.js')).auditExport,
  },
  {
    path: 'alerts list',
    options: [{ flags: '--standing' }, { flags: '--parked' }, LIMIT],
    load: async () => (await import('./commands/alerts.js')).alertsList,
  },
  {
    path: 'alerts resend',
    args: ['<id>'],
    options: [AS],
    load: async () => (await import('./commands/alerts.js')).alertsResend,
  },
];

/** Groups in the order of the help. */
export const COMMAND_GROUPS = { running, intake, people, registry, followUps, oversight } as const;
export const COMMANDS: readonly CommandSpec[] = Object.values(COMMAND_GROUPS).flat();
