import stringWidth from 'string-width';
import type { Language } from '../platform/i18n/locale.js';
import type { Translate } from '../platform/i18n/i18n.js';

/** The part of a stream that a command needs. */
export interface TextSink {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface OutputOptions {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly language: Language;
  readonly json: boolean;
  readonly t: Translate;
  /** Escape sequences for weight and colour; never when the output is read by a program. */
  readonly color: boolean;
}

/** Where a command writes. With `--json` stdout carries one JSON document and nothing else; words go to stderr. */
export class Output {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly language: Language;
  readonly json: boolean;
  readonly t: Translate;
  private readonly color: boolean;

  constructor(options: OutputOptions) {
    this.stdout = options.stdout;
    this.stderr = options.stderr;
    this.language = options.language;
    this.json = options.json;
    this.t = options.t;
    this.color = options.color && !options.json && options.stdout.isTTY === true;
  }

  /** A line for people; silent with `--json`. */
  line(text = ''): void {
    if (!this.json) this.stdout.write(`${text}\n`);
  }

  heading(text: string): void {
    this.line();
    this.line(this.bold(`■ ${text}`));
  }

  /** A remark about the work rather than its result. */
  note(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  /** The result for programs. Does nothing without `--json`. */
  data(value: unknown): void {
    if (this.json) this.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  get width(): number {
    return Math.min(Math.max(this.stdout.columns ?? 120, 60), 160);
  }

  bold(text: string): string {
    return this.paint('1', text);
  }

  dim(text: string): string {
    return this.paint('2', text);
  }

  good(text: string): string {
    return this.paint('32', text);
  }

  warn(text: string): string {
    return this.paint('33', text);
  }

  bad(text: string): string {
    return this.paint('31', text);
  }

  private paint(code: string, text: string): string {
    return this.color ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The text cut so that it takes at most `width` columns of a terminal; full-width characters take two. */
export function fit(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let cut = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const next = stringWidth(segment);
    if (used + next > width - 1) break;
    cut += segment;
    used += next;
  }
  return `${cut}…`;
}

/** Makes line breaks and control characters of foreign data visible, so that they cannot steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '·');
}
