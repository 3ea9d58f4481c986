import { AppError } from '../domain/app-error.js';
import { parseIsoDate, type IsoDate } from '../domain/calendar.js';

/** The arguments and options of one call, read by name and checked where they are read. */
export class Input {
  constructor(
    private readonly args: Readonly<Record<string, string | readonly string[] | undefined>>,
    private readonly options: Readonly<Record<string, unknown>>,
  ) {}

  /** A required argument; commander has refused the call before when it is missing. */
  argument(name: string): string {
    const value = this.args[name];
    if (typeof value === 'string') return value;
    throw new AppError('CLI_MISSING_ARGUMENT', { details: { name } });
  }

  optionalArgument(name: string): string | undefined {
    const value = this.args[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** All values of an argument that may stand several times. */
  argumentList(name: string): readonly string[] {
    const value = this.args[name];
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  flag(name: string): boolean {
    return this.options[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.options[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** @throws CLI_MISSING_OPTION */
  requiredText(name: string): string {
    const value = this.text(name);
    if (value !== undefined && value.trim() !== '') return value;
    throw new AppError('CLI_MISSING_OPTION', { details: { name: flagOf(name) } });
  }

  /** All values of an option that may stand several times. */
  texts(name: string): string[] {
    const value = this.options[name];
    return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
  }

  /**
   * A whole number of at least `min`.
   *
   * @throws CLI_VALUE_INVALID
   */
  count(name: string, min = 0): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw invalidValue(flagOf(name), text, `0, 1, 2 … (>= ${String(min)})`);
  }

  /**
   * One of `values`.
   *
   * @throws CLI_VALUE_INVALID
   */
  choice<T extends string>(name: string, values: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = values.find((value) => value === text);
    if (found !== undefined) return found;
    throw invalidValue(flagOf(name), text, values.join(' | '));
  }

  /** @throws CLI_MISSING_OPTION, CLI_VALUE_INVALID */
  requiredChoice<T extends string>(name: string, values: readonly T[]): T {
    const value = this.choice(name, values);
    if (value !== undefined) return value;
    throw new AppError('CLI_MISSING_OPTION', { details: { name: flagOf(name) } });
  }

  /**
   * A calendar day `YYYY-MM-DD` that exists.
   *
   * @throws CLI_VALUE_INVALID
   */
  day(name: string): IsoDate | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : checkedDay(flagOf(name), text);
  }

  /** @throws CLI_VALUE_INVALID, CLI_MISSING_ARGUMENT */
  dayArgument(name: string): IsoDate {
    return checkedDay(`<${name}>`, this.argument(name));
  }
}

function checkedDay(name: string, text: string): IsoDate {
  const day = parseIsoDate(text);
  if (day !== null) return day;
  throw invalidValue(name, text, 'YYYY-MM-DD');
}

const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function invalidValue(name: string, found: string, expected: string): AppError {
  return new AppError('CLI_VALUE_INVALID', { details: { name, found, expected } });
}
