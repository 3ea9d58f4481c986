import { describe, expect, it } from '@jest/globals';
import { flatTexts, mergedTexts } from '../platform/i18n/catalogue.js';
import { COMMANDS } from './command-tree.js';
import { runCommandLine } from './program.js';

interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function run(argv: string[], env: Record<string, string> = {}): Promise<Said> {
  let out = '';
  let err = '';
  const status = await runCommandLine(argv, {
    env,
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  return { status, out, err };
}

describe('command line', () => {
  it.each(['ja', 'en'] as const)('%s: every command, argument and option has a text', async (language) => {
    const known = flatTexts(mergedTexts('messages', language));
    for (const spec of COMMANDS) {
      const { status, out } = await run([...spec.path.split(' '), '--help', '--lang', language]);
      expect({ path: spec.path, status }).toEqual({ path: spec.path, status: 0 });
      expect({ path: spec.path, left: out.match(/cli\.[a-z]+\.[\w.-]+/g) }).toEqual({
        path: spec.path,
        left: null,
      });
      expect(known.get(`cli.commands.${spec.path.replaceAll(' ', '_')}.summary`)).toBeDefined();
    }
  });

  it('shows help in the language of the locale, whatever position --lang has', async () => {
    expect((await run(['--help'], { LANG: 'ja_JP.UTF-8' })).out).toContain('使い方:');
    expect((await run(['--lang', 'en', 'runs', '--help'], { LANG: 'ja_JP.UTF-8' })).out).toContain('Usage:');
    expect((await run(['runs', '--help', '--lang=ja'])).out).toContain('取込を新しい順に');
  });

  it.each([
    ['an unknown command', ['imprt'], 'CLI_UNKNOWN_COMMAND', 'import'],
    ['an unknown option', ['runs', 'list', '--sauce', 'x'], 'CLI_UNKNOWN_OPTION', '--source'],
    ['a missing argument', ['runs', 'show'], 'CLI_MISSING_ARGUMENT', 'run'],
    ['a missing option', ['import', 'x.csv'], 'CLI_MISSING_OPTION', '--source'],
    ['an option without its value', ['import', 'x.csv', '--source'], 'CLI_OPTION_WITHOUT_VALUE', '--source'],
    [
      'a value outside the choices',
      ['import', 'x', '--source', 's', '--mode', 'half'],
      'CLI_VALUE_INVALID',
      'full',
    ],
    ['an argument too many', ['runs', 'list', 'x'], 'CLI_TOO_MANY_ARGUMENTS', ''],
    ['a language that there is not', ['runs', 'list', '--lang', 'fr'], 'CLI_VALUE_INVALID', 'ja'],
  ])('wrong usage ends with 2 and says what was wrong: %s', async (_title, argv, code, hint) => {
    const { status, out, err } = await run(argv);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(code);
    expect(err).toContain(hint);
  });

  it('a group without its command has done nothing and says so by its status', async () => {
    const { status, out, err } = await run(['runs']);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain('runs list'.split(' ')[1]);
  });

  it('with --json a failure is one JSON document on stdout', async () => {
    const { status, out } = await run(['runs', 'show', '--json']);
    expect(status).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'CLI_MISSING_ARGUMENT' } });
  });
});
