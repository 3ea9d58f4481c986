import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { isoDate } from '../../src/domain/calendar.js';
import { PolicyService } from '../../src/rehire-registry/policy.service.js';
import { collect, CONFIG, RegistryWorld } from '../support/registry-world.js';

let world: RegistryWorld;
const LIFE_EVENTS = join(CONFIG, 'policies', 'life-events-only.yaml');
const BY_REASON = join(CONFIG, 'policies', 'by-reason.yaml');
const today = isoDate('2026-04-10');

beforeAll(async () => {
  world = await RegistryWorld.start();
});
afterAll(() => world.stop());
beforeEach(async () => {
  await world.db.query(
    `truncate timeline_event, registry_history, rehire_override, registry_entry, departure, employment, person,
       policy_version restart identity cascade`,
  );
});

async function sixLeavers() {
  return {
    career: await world.addEntry({ number: '1', category: 'career_change' }),
    child: await world.addEntry({ number: '2', category: 'childcare' }),
    laidOff: await world.addEntry({ number: '3', category: 'redundancy', voluntary: false }),
    conduct: await world.addEntry({ number: '4', category: 'conduct', kind: 'dismissal' }),
    silent: await world.addEntry({ number: '5', category: 'unknown', voluntary: true }),
    sister: await world.addEntry({ number: '6', category: 'personal', company: 'en' }),
  };
}

describe('the policy in force', () => {
  it('is the shipped file at first, stored once however many ask', async () => {
    const others = [1, 2, 3, 4].map(() => new PolicyService(world.db, world.clock, CONFIG));
    const found = await Promise.all(others.map((service) => service.activePolicy()));
    expect(new Set(found.map(({ version, hash }) => `${String(version)} ${hash}`)).size).toBe(1);
    expect(await world.count('policy_version')).toBe(1);
    expect(found[0]?.policy.id).toBe('any-voluntary-leaver');
    expect(await world.policies.isFileActive()).toBe(true);
  });

  it('does not change when the file does, and says so', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'enishi-policy-'));
    const text = await readFile(LIFE_EVENTS, 'utf8');
    await writeFile(join(dir, 'rehire-policy.yaml'), text);
    const { hash } = await world.policies.activePolicy();
    const service = new PolicyService(world.db, world.clock, dir);
    expect((await service.activePolicy()).hash).toBe(hash);
    expect(await service.isFileActive()).toBe(false);
  });

  it('stops the start when the file cannot be taken, naming the place', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'enishi-policy-'));
    await writeFile(join(dir, 'rehire-policy.yaml'), 'id: x\ntitle: { ja: あ, en: a }\nrules: []\n');
    await expect(new PolicyService(world.db, world.clock, dir).onModuleInit()).rejects.toMatchObject({
      code: 'CONFIG_FILE_INVALID',
      details: { path: 'rules' },
    });
  });

  it('checks every policy of the configuration at the start', async () => {
    await expect(world.policies.onModuleInit()).resolves.toBeUndefined();
    const dir = await mkdtemp(join(tmpdir(), 'enishi-policy-'));
    await copyFile(LIFE_EVENTS, join(dir, 'rehire-policy.yaml'));
    await expect(new PolicyService(world.db, world.clock, dir).onModuleInit()).resolves.toBeUndefined();
    await mkdir(join(dir, 'policies'));
    await writeFile(join(dir, 'policies', 'broken.yaml'), 'id: [');
    await expect(new PolicyService(world.db, world.clock, dir).onModuleInit()).rejects.toMatchObject({
      code: 'CONFIG_FILE_INVALID',
      details: { file: join(dir, 'policies', 'broken.yaml') },
    });
  });

  it('comments and the order of keys make no other policy', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'enishi-policy-'));
    const rule = { ja: '一律', en: 'All.' };
    const a = { id: 'all', title: rule, rules: [{ id: 'last', verdict: 'review', text: rule }] };
    const b = {
      rules: [{ text: { en: 'All.', ja: '一律' }, verdict: 'review', id: 'last' }],
      title: rule,
      id: 'all',
    };
    await writeFile(join(dir, 'a.yaml'), JSON.stringify(a));
    await writeFile(join(dir, 'b.yaml'), `# の注記\n${JSON.stringify(b)}`);
    const [one, two] = await Promise.all(
      ['a.yaml', 'b.yaml'].map((f) => world.policies.checkPolicyFile(join(dir, f))),
    );
    expect(one?.hash).toBe(two?.hash);
  });
});

describe('previewPolicy', () => {
  it('counts who would change, from what to what and by which rule, and writes nothing', async () => {
    const { career } = await sixLeavers();
    await world.overrides.set({
      personId: career.personId,
      company: null,
      verdict: 'ineligible',
      reason: '本人の希望',
      author: 'hr-1',
      untilDay: null,
      today,
    });
    const before = await world.db.query('select * from registry_entry order by person_id');
    const preview = await world.flips.previewPolicy(LIFE_EVENTS);
    expect(preview).toMatchObject({ id: 'life-events-only', activeVersion: 1, examined: 6, flipped: 3 });
    const words = preview.counts
      .filter((count) => count.from !== count.to)
      .map((c) => `${c.company} ${c.from}>${c.to} ${c.rule} ${String(c.count)}/${String(c.hidden)}`)
      .sort();
    expect(words).toEqual([
      'en eligible>review otherwise 1/0',
      'jp eligible>review otherwise 1/1',
      'jp eligible>unknown life-event 1/0',
    ]);
    expect(await world.db.query('select * from registry_entry order by person_id')).toEqual(before);
    expect(await world.count('policy_version')).toBe(1);
  });

  it('lists them page by page, each once, with why', async () => {
    const { silent } = await sixLeavers();
    const seen: string[] = [];
    for (let cursor: string | null = null; ;) {
      const page = await world.flips.previewChanges(LIFE_EVENTS, { cursor, limit: 2 });
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map((flip) => flip.employeeNumber));
      const found = page.items.find((flip) => flip.personId === silent.personId);
      if (found !== undefined) {
        expect(found.before).toMatchObject({ verdict: 'eligible' });
        expect(found.after).toMatchObject({ verdict: 'unknown', rule: 'life-event', missing: ['reason'] });
      }
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    const { flipped, otherwiseChanged } = await world.flips.previewPolicy(LIFE_EVENTS);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(flipped + otherwiseChanged);
  });

  it('of the policy in force finds nobody', async () => {
    await sixLeavers();
    const preview = await world.flips.previewPolicy(join(CONFIG, 'rehire-policy.yaml'));
    expect(preview).toMatchObject({ examined: 6, flipped: 0, otherwiseChanged: 0, counts: [] });
  });
});

describe('an activation', () => {
  it('is planned without being in force, is put in force, and brings every entry along', async () => {
    const { laidOff, career } = await sixLeavers();
    const planned = await world.policies.planActivation(BY_REASON, 'hr-1');
    expect((await world.policies.planActivation(BY_REASON, 'hr-1')).version).toBe(planned.version);
    expect((await world.policies.activePolicy()).version).toBe(1);
    expect((await collect(world.flips.flips(planned.policy))).flat().length).toBeGreaterThan(0);

    await world.flips.applyActivation(planned, 'hr-2', { kind: 'policy' }, world.clock.nowIso());
    expect((await world.policies.activePolicy()).version).toBe(planned.version);
    expect(await collect(world.flips.flips(planned.policy))).toEqual([]);
    const shown = await world.queries.show(laidOff.personId, today);
    expect(shown.entries).toMatchObject([
      { verdict: 'eligible', policyVersion: planned.version, rule: 'otherwise' },
    ]);
    expect(shown.history).toMatchObject([
      { verdict: 'eligible', cause: { kind: 'policy' } },
      { verdict: 'review' },
    ]);
    // Nobody's verdict hangs on the old version but where both say the very same.
    const { entries } = await world.queries.show(career.personId, today);
    expect(entries).toMatchObject([{ verdict: 'eligible', policyVersion: planned.version }]);
    expect((await world.policies.listPolicies()).map(({ id, state }) => `${id} ${state}`)).toEqual([
      'by-reason active',
      'any-voluntary-leaver superseded',
    ]);
    await expect(world.policies.planActivation(BY_REASON, 'hr-1')).rejects.toMatchObject({
      code: 'POLICY_ALREADY_ACTIVE',
    });
  });

  it('cut between two batches goes on where it stopped, and ends the same', async () => {
    const { career, sister } = await sixLeavers();
    const planned = await world.policies.planActivation(LIFE_EVENTS, 'hr-1');
    const at = world.clock.nowIso();
    await world.db.transaction((sql) => world.policies.activate(sql, planned.version, 'hr-1', at));
    const [all] = await collect(world.flips.flips(planned.policy));
    const some = (all ?? []).filter((flip) => flip.personId === career.personId);
    await world.db.transaction((sql) => world.flips.applyFlips(sql, planned, some, { kind: 'policy' }, at));
    const left = (await collect(world.flips.flips(planned.policy))).flat();
    expect(left).toHaveLength((all ?? []).length - 1);
    await world.flips.applyActivation(planned, 'hr-1', { kind: 'policy' }, at);
    expect(await world.flips.applyActivation(planned, 'hr-1', { kind: 'policy' }, at)).toBe(0);
    for (const { personId } of [career, sister]) {
      expect((await world.queries.show(personId, today)).entries).toMatchObject([{ verdict: 'review' }]);
    }
  });

  it('does not bring back somebody who was rehired after the flip was read', async () => {
    const { career } = await sixLeavers();
    const planned = await world.policies.planActivation(LIFE_EVENTS, 'hr-1');
    const flips = (await collect(world.flips.flips(planned.policy))).flat();
    await world.apply({ ...career, employmentId: null, verdict: null });
    const at = world.clock.nowIso();
    const changed = await world.db.transaction((sql) =>
      world.flips.applyFlips(sql, planned, flips, { kind: 'policy' }, at),
    );
    expect(changed).toHaveLength(flips.length - 1);
    expect((await world.queries.show(career.personId, today)).entries).toEqual([]);
  });

  it('of a version that another one replaced is refused, and a dropped plan is gone', async () => {
    const first = await world.policies.planActivation(LIFE_EVENTS, 'hr-1');
    const second = await world.policies.planActivation(BY_REASON, 'hr-1');
    const at = world.clock.nowIso();
    const activate = (version: number) =>
      world.db.transaction((sql) => world.policies.activate(sql, version, 'hr', at));
    await activate(second.version);
    await activate(second.version);
    await world.db.transaction((sql) => world.policies.discard(sql, first.version));
    await expect(activate(first.version)).rejects.toMatchObject({ code: 'POLICY_VERSION_NOT_FOUND' });
    await expect(activate(1)).rejects.toMatchObject({ code: 'POLICY_VERSION_SUPERSEDED' });
    // Back to the first policy: the same content as a new version.
    const back = await world.policies.planActivation(join(CONFIG, 'rehire-policy.yaml'), 'hr-1');
    expect(back.version).toBeGreaterThan(second.version);
  });
});
