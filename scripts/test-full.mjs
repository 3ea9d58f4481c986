// The faults of faults.md at full size, one file after the other, and what they said as a report.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './toolchain.mjs';

/** What issue 4 wants a test for, at CI size and at full size. */
const WANTED = [
  ...['R01', 'R02', 'R03', 'R04', 'R05', 'R06', 'R07', 'R08', 'R11', 'R12', 'R13', 'R14', 'R17', 'R18'],
  ...['R21', 'R23', 'R24', 'R25', 'R26', 'I07', 'I08', 'I15', 'I21', 'I23'],
];

const reports = join(root, 'reports');

/**
 * Runs the files that hold the wanted cases (all when none is named) and writes reports/test-full.md and .json.
 *
 * @param jest runs jest with arguments and environment and answers with its exit status
 * @returns the exit status: 1 when a case or a file failed, 2 when nothing matched
 */
export async function testFull(args, jest) {
  const cases = args.filter((arg) => /^[A-Z]\d\d$/.test(arg));
  const others = args.filter((arg) => !cases.includes(arg));
  const files = faultFiles();
  const chosen = files.filter((file) => cases.length === 0 || file.cases.some((one) => cases.includes(one)));
  if (chosen.length === 0) {
    process.stderr.write(
      `No test of ${cases.join(', ') || 'any case'}. Cases: ${casesOf(files).join(' ')}\n`,
    );
    return 2;
  }
  const startedAt = new Date();
  const runs = [];
  for (const { path } of chosen) {
    const dir = mkdtempSync(join(tmpdir(), 'enishi-report-'));
    const lines = join(dir, 'lines.jsonl');
    writeFileSync(lines, '');
    const filter = cases.length === 0 ? [] : ['--testNamePattern', `\\b(${cases.join('|')})\\b`];
    const status = await jest(
      ['--runInBand', '--testTimeout=3600000', ...filter, ...others, '--runTestsByPath', path],
      { ENISHI_TEST_FULL: '1', ENISHI_FAULT_REPORT: lines },
    );
    const said = readFileSync(lines, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    runs.push({ file: relative(root, path), status, cases: said.map((line) => JSON.parse(line)) });
    rmSync(dir, { recursive: true, force: true });
    // After each file: a run that is broken off has said what it knew.
    write(report(startedAt, cases, runs, files));
  }
  process.stdout.write(`reports/test-full.md\n`);
  const isFailed = runs.some(
    ({ status, cases: lines }) => status !== 0 || lines.some((line) => !line.passed),
  );
  return isFailed ? 1 : 0;
}

function faultFiles() {
  return readdirSync(join(root, 'test'), { recursive: true })
    .filter((name) => name.endsWith('.spec.ts'))
    .map((name) => join(root, 'test', name))
    .map((path) => ({ path, cases: casesIn(readFileSync(path, 'utf8')) }))
    .filter((file) => file.cases.length > 0)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The numbers that stand first in the calls of `faultCase`. */
function casesIn(text) {
  const calls = [...text.matchAll(/\b(?:faultCase|onlyWhereMounted)\(\s*(\[[^\]]*\]|'[^']*')/g)];
  return calls.flatMap(([, first]) => first.match(/[A-Z]\d\d/g) ?? []);
}

function casesOf(files) {
  return [...new Set(files.flatMap((file) => file.cases))].sort();
}

function report(startedAt, asked, runs, files) {
  const tested = casesOf(files);
  return {
    startedAt: startedAt.toISOString(),
    minutes: Math.round((Date.now() - startedAt) / 6_000) / 10,
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
    },
    asked,
    runs,
    withoutTest: WANTED.filter((one) => !tested.includes(one)),
  };
}

function write(result) {
  mkdirSync(reports, { recursive: true });
  writeFileSync(join(reports, 'test-full.json'), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(reports, 'test-full.md'), markdown(result));
}

function markdown({ startedAt, minutes, machine, asked, runs, withoutTest }) {
  const rows = runs
    .flatMap(({ file, cases }) => cases.map((line) => ({ file, ...line })))
    .sort((a, b) => (a.cases[0] < b.cases[0] ? -1 : 1));
  const silent = runs.filter(({ status, cases }) => status !== 0 && cases.every((line) => line.passed));
  const failures = rows.filter((row) => !row.passed);
  return [
    '# Faults at full size',
    '',
    `Started ${startedAt}, ${minutes} minutes, ${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB.`,
    asked.length === 0 ? '' : `Asked for: ${asked.join(', ')}.`,
    '',
    '| case | what it says | sizes | seed | counts | seconds | |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => {
      const cells = [
        row.cases.join(', '),
        row.says,
        pairs(row.sizes),
        row.seed,
        pairs(row.counts),
        row.seconds,
      ];
      return `| ${cells.map(cell).join(' | ')} | ${row.passed ? 'passed' : '**FAILED**'} |`;
    }),
    '',
    ...failures.map((row) => `- ${row.cases.join(', ')} (\`${row.file}\`): ${cell(row.failure)}`),
    ...silent.map(({ file, status }) => `- \`${file}\` ended with ${status} although no case says why`),
    '',
    withoutTest.length === 0
      ? 'Every case of the issue has a test.'
      : `Cases of the issue without a test: ${withoutTest.join(', ')}.`,
    '',
  ].join('\n');
}

function pairs(object) {
  return Object.entries(object)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function cell(value) {
  return String(value).replaceAll('|', '\\|').replaceAll('\n', ' ');
}
