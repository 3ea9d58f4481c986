import { Argument, Command, CommanderError, Option } from 'commander';
import { AppError } from '../domain/app-error.js';
import { translator, type Translate } from '../platform/i18n/i18n.js';
import { detectLanguage, LANGUAGES } from '../platform/i18n/locale.js';
import type { ProcessEnvironment } from '../platform/config/process-environment.js';
import { COMMAND_GROUPS } from './command-tree.js';
import type { CommandSpec, OptionSpec } from './command.js';
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes.js';
import { printFailure } from './failure.js';
import { Input } from './input.js';
import { Output, type TextSink } from './output.js';

export interface Surroundings {
  readonly env: ProcessEnvironment;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
}

/** Runs one command line (without `node enishi`) and answers with its exit status. Throws nothing. */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const language = detectLanguage({ option: optionValue(argv, '--lang'), env: surroundings.env });
  const output = new Output({
    stdout: surroundings.stdout,
    stderr: surroundings.stderr,
    language,
    json: argv.includes('--json'),
    t: translator(language),
    color: surroundings.env['NO_COLOR'] === undefined && surroundings.env['TERM'] !== 'dumb',
  });
  let status: ExitCode = EXIT.done;
  const program = buildProgram(output, async (spec, input) => {
    const handler = await spec.load();
    status = await handler({ input, output, env: surroundings.env });
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return usageFailure(output, error);
    printFailure(output, error);
    return exitCodeOf(error);
  }
}

type Run = (spec: CommandSpec, input: Input) => Promise<void>;

function buildProgram(output: Output, run: Run): Command {
  const { t } = output;
  const program = withGlobals(prepare(new Command('enishi'), output), t).description(t('cli.description'));
  const parents = new Map<string, Command>([['', program]]);
  for (const [group, specs] of Object.entries(COMMAND_GROUPS)) {
    for (const spec of specs) {
      const words = spec.path.split(' ');
      const name = words.pop() ?? '';
      const parent = parentFor(words, parents, output, group);
      const command = prepare(new Command(name), output).description(t(`${textKey(spec)}.summary`));
      if (words.length === 0) command.helpGroup(t(`cli.groups.${group}`));
      for (const argument of spec.args ?? []) {
        command.addArgument(new Argument(argument, t(`cli.arguments.${bare(argument)}`)));
      }
      for (const option of spec.options ?? []) command.addOption(makeOption(option, spec, t));
      withGlobals(command, t).action(async () => run(spec, readInput(command, spec)));
      parent.addCommand(command);
    }
  }
  program.addHelpText('after', `\n${t('cli.exitCodes')}`);
  program.helpCommand(false);
  return program;
}

function parentFor(
  words: readonly string[],
  parents: Map<string, Command>,
  output: Output,
  group: string,
): Command {
  const path = words.join(' ');
  const known = parents.get(path);
  if (known !== undefined) return known;
  const parent = withGlobals(prepare(new Command(path), output), output.t)
    .description(output.t(`cli.commands.${path}.summary`))
    .helpGroup(output.t(`cli.groups.${group}`))
    .helpCommand(false);
  // Called without a subcommand it has done nothing, which a script must be able to see.
  parent.action(() => parent.help({ error: true }));
  parents.get('')?.addCommand(parent);
  parents.set(path, parent);
  return parent;
}

/** What all commands share: their errors are thrown and said by us, help is in the caller's language. */
function prepare(command: Command, output: Output): Command {
  const { t } = output;
  const headings: Readonly<Record<string, string>> = {
    'Usage:': t('cli.help.usage'),
    'Options:': t('cli.help.options'),
    'Commands:': t('cli.help.commands'),
    'Arguments:': t('cli.help.arguments'),
  };
  return command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void output.stdout.write(text),
      writeErr: (text) => void output.stderr.write(text),
      outputError: () => undefined,
    })
    .configureHelp({
      styleTitle: (title) => headings[title] ?? title,
      subcommandTerm: (sub) =>
        [
          sub.name(),
          ...sub.registeredArguments.map((argument) =>
            argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
          ),
        ].join(' '),
      optionDescription: describeOption(t),
    });
}

/** The options of every command, listed after its own. */
function withGlobals(command: Command, t: Translate): Command {
  const group = t('cli.help.global');
  return command
    .addOption(new Option('--json', t('cli.options.json')).helpGroup(group))
    .addOption(
      new Option('--lang <language>', t('cli.options.lang')).choices([...LANGUAGES]).helpGroup(group),
    )
    .addHelpOption(new Option('-h, --help', t('cli.options.help')).helpGroup(group));
}

const describeOption =
  (t: Translate) =>
  (option: Option): string => {
    const notes = [
      option.mandatory ? t('cli.help.required') : undefined,
      option.argChoices?.join(' | '),
    ].filter((note) => note !== undefined);
    return notes.length === 0 ? option.description : `${option.description} (${notes.join(', ')})`;
  };

function makeOption(spec: OptionSpec, command: CommandSpec, t: Translate): Option {
  const option = new Option(spec.flags);
  const special = `${textKey(command)}.${option.attributeName()}`;
  const text = t(special);
  option.description = text === special ? t(`cli.options.${option.attributeName()}`) : text;
  if (spec.choices !== undefined) option.choices([...spec.choices]);
  if (spec.many === true) {
    option.argParser((value: string, before: unknown) => {
      if (spec.choices !== undefined && !spec.choices.includes(value)) {
        throw new AppError('CLI_VALUE_INVALID', {
          details: { name: spec.flags, found: value, expected: spec.choices.join(' | ') },
        });
      }
      return [...(Array.isArray(before) ? (before as unknown[]) : []), value];
    });
  }
  return option.makeOptionMandatory(spec.required ?? false);
}

function readInput(command: Command, spec: CommandSpec): Input {
  const args: Record<string, string | readonly string[] | undefined> = {};
  for (const [index, argument] of (spec.args ?? []).entries()) {
    const value: unknown = command.processedArgs[index];
    args[bare(argument)] = isText(value) ? value : undefined;
  }
  return new Input(args, command.opts());
}

const isText = (value: unknown): value is string | readonly string[] =>
  typeof value === 'string' || Array.isArray(value);
const bare = (argument: string): string => argument.replace(/[<>[\]]|\.\.\./g, '');
const textKey = (spec: CommandSpec): string => `cli.commands.${spec.path.replaceAll(' ', '_')}`;

/** The value of an option before anything is parsed: the language of the help must be known first. */
function optionValue(argv: readonly string[], name: string): string | undefined {
  const joined = argv.find((arg) => arg.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = argv.indexOf(name);
  return at < 0 ? undefined : argv[at + 1];
}

const USAGE_CODES: Readonly<Record<string, string>> = {
  'commander.unknownCommand': 'CLI_UNKNOWN_COMMAND',
  'commander.unknownOption': 'CLI_UNKNOWN_OPTION',
  'commander.missingArgument': 'CLI_MISSING_ARGUMENT',
  'commander.optionMissingArgument': 'CLI_OPTION_WITHOUT_VALUE',
  'commander.missingMandatoryOptionValue': 'CLI_MISSING_OPTION',
  'commander.conflictingOption': 'CLI_CONFLICTING_OPTIONS',
  'commander.excessArguments': 'CLI_TOO_MANY_ARGUMENTS',
  'commander.invalidArgument': 'CLI_VALUE_INVALID',
};

function usageFailure(output: Output, error: CommanderError): ExitCode {
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return EXIT.done;
  if (error.code === 'commander.help') return EXIT.usage;
  const code = USAGE_CODES[error.code] ?? 'CLI_USAGE';
  const quoted = [...error.message.matchAll(/'([^']*)'/g)].map(([, text]) => text ?? '');
  const choices = /Allowed choices are (.*)\.$/.exec(error.message)?.[1] ?? null;
  const [name = '', other = ''] = quoted;
  const details: Record<string, string | null> =
    code === 'CLI_VALUE_INVALID'
      ? { name, found: other, expected: choices }
      : { name, other, message: error.message };
  printFailure(output, new AppError(code, { details }));
  const similar = /Did you mean (?:one of )?(.*)\?/.exec(error.message)?.[1];
  if (similar !== undefined) output.note(`  ${output.t('cli.error.similar', { similar })}`);
  return EXIT.usage;
}
