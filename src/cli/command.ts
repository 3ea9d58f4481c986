import type { ProcessEnvironment } from '../platform/config/process-environment.js';
import type { ExitCode } from './exit-codes.js';
import type { Input } from './input.js';
import type { Output } from './output.js';

/** All that a command gets; it answers with the exit status. */
export interface CommandCall {
  readonly input: Input;
  readonly output: Output;
  readonly env: ProcessEnvironment;
}
export type CommandHandler = (call: CommandCall) => Promise<ExitCode>;

export interface OptionSpec {
  /** As commander writes it: `--source <id>`, `--dry-run`. */
  readonly flags: string;
  readonly choices?: readonly string[];
  readonly required?: boolean;
  /** May stand several times. */
  readonly many?: boolean;
}

export interface CommandSpec {
  /** The words of the command, such as `runs show`. Its help texts are under `cli.commands.<words with _>`. */
  readonly path: string;
  /** `<required>` or `[optional]`, in order; the last may be `[several...]`. */
  readonly args?: readonly string[];
  readonly options?: readonly OptionSpec[];
  /** Fetches the code only when the command runs: help must not wait for a database driver. */
  readonly load: () => Promise<CommandHandler>;
}
