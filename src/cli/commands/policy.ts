import { join } from 'node:path';
import { PolicyRunsService } from '../../intake/policy-runs.service.js';
import { PolicyFlipsService } from '../../rehire-registry/policy-flips.service.js';
import { PolicyService } from '../../rehire-registry/policy.service.js';
import { actor, command } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { collectPages, noteMore } from '../pages.js';
import { exitCodeOfRun, runResult } from '../render/run-result.js';
import { showRun } from '../story.js';
import { printTable } from '../table.js';
import { becauseLine, localTime, pickText, zoneOf } from '../words.js';

const POLICY_FILE = 'rehire-policy.yaml';

/** Every version of the policy, the newest first. */
export const policyList = command(async (call, app) => {
  const { output } = call;
  const { t, language } = output;
  const items = await app.get(PolicyService).listPolicies();
  const column = (key: string): string => t(`show.columns.${key}`);
  printTable(
    output,
    [
      { title: column('version'), value: (item) => item.version, align: 'right' },
      { title: column('policy'), value: (item) => `${item.id}: ${pickText(item.title, language)}` },
      { title: column('state'), value: (item) => t(`words.policyState.${item.state}`) },
      { title: column('since'), value: (item) => localTime(item.activatedAt, zoneOf(app.group)), min: 16 },
      { title: column('by'), value: (item) => item.activatedBy },
    ],
    items,
  );
  output.data({ items });
  return EXIT.done;
});

/** Whether a file is a policy, and whether it is the one in force. */
export const policyCheck = command(async (call, app) => {
  const { output } = call;
  const { t } = output;
  const file = call.input.optionalArgument('file') ?? join(app.env.configDir, POLICY_FILE);
  const policies = app.get(PolicyService);
  const checked = await policies.checkPolicyFile(file);
  const active = await policies.activePolicy();
  const isActive = active.hash === checked.hash;
  const { id, title, hash } = checked;
  const rules = checked.policy.rules.length;
  output.line(
    t('show.policyOk', { file, title: pickText(title, output.language), rules, hash: hash.slice(0, 12) }),
  );
  output.line(isActive ? t('show.policyActive') : t('show.policyNotActive', { file }));
  output.data({ file, id, title, hash, rules, active: isActive });
  return EXIT.done;
});

/** Who would be told something else under another policy. Changes nothing. */
export const policyPreview = command(async (call, app) => {
  const { output } = call;
  const { t, language } = output;
  const file = call.input.argument('file');
  const flips = app.get(PolicyFlipsService);
  const preview = await flips.previewPolicy(file);
  // Those who keep their verdict with another rule are in the counts; by name come those whose verdict turns.
  const people = await collectPages(call, async (cursor, limit) => {
    const page = await flips.previewChanges(file, { cursor, limit });
    return { ...page, items: page.items.filter(({ before, after }) => before.verdict !== after.verdict) };
  });
  const column = (key: string): string => t(`show.columns.${key}`);
  const verdict = (word: string): string => t(`words.verdictShort.${word}`);
  output.line(
    t('show.policyPreview', {
      title: pickText(preview.title, language),
      examined: preview.examined,
      flipped: preview.flipped,
      otherwise: preview.otherwiseChanged,
    }),
  );
  printTable(
    output,
    [
      { title: column('company'), value: (row) => row.company, min: 4 },
      { title: column('before'), value: (row) => verdict(row.from) },
      { title: column('after'), value: (row) => verdict(row.to) },
      { title: column('rule'), value: (row) => row.rule },
      { title: column('count'), value: (row) => row.count, align: 'right' },
    ],
    preview.counts,
  );
  printTable(
    output,
    [
      { title: column('company'), value: (flip) => flip.company, min: 4 },
      { title: column('number'), value: (flip) => flip.employeeNumber },
      { title: column('name'), value: (flip) => flip.displayName },
      { title: column('before'), value: (flip) => verdict(flip.before.verdict) },
      { title: column('after'), value: (flip) => verdict(flip.after.verdict) },
      { title: column('because'), value: (flip) => becauseLine(flip.after.because, language), min: 16 },
    ],
    people.items,
  );
  noteMore(call, people);
  output.data({ ...preview, items: people.items });
  return EXIT.done;
});

/** Puts a policy in force as a run of its own, which a brake may hold like any other. */
export const policyActivate = command(async (call, app) => {
  const { output } = call;
  const run = await app.get(PolicyRunsService).activate(call.input.argument('file'), actor(call));
  if (run.status === 'applied') {
    const { eligible, review, ineligible, unknown } = run.verdicts;
    const changed = eligible + review + ineligible + unknown;
    output.line(output.t('show.policyActivated', { version: run.profile, changed }));
  } else {
    await showRun(app, output, run);
  }
  output.data(runResult(run));
  return exitCodeOfRun(run);
});
