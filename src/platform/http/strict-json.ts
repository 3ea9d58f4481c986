import { AppError } from '../../domain/app-error.js';

const MOST_DEPTH = 32;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * JSON that has one meaning: valid UTF-8 without a byte order mark, no key twice in an object, no `__proto__`, no more
 * than 32 levels. What two readers could understand differently is refused, not repaired.
 *
 * @throws BODY_NOT_UTF8, JSON_INVALID, JSON_KEY_TWICE, JSON_KEY_FORBIDDEN,
 *   JSON_TEXT_UNREADABLE, JSON_TOO_DEEP; `line` in the details when given
 */
export function parseStrictJson(bytes: Uint8Array, line: number | null = null): unknown {
  const place: Readonly<Record<string, number>> = line === null ? {} : { line };
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw new AppError('BODY_NOT_UTF8', { details: place, cause });
  }
  // Before JSON.parse: ten million brackets would become ten million arrays first.
  new KeyScan(text, place).run();
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw new AppError('JSON_INVALID', { details: { ...place, position: positionOf(cause) }, cause });
  }
}

function positionOf(error: unknown): number | null {
  const position = error instanceof SyntaxError ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? null : Number(position);
}

/** Looks at strings, brackets and colons only; whether the rest is JSON is for JSON.parse to say. */
class KeyScan {
  private at = 0;
  /** One entry a level: the keys of an object so far, null for an array. */
  private readonly levels: (Set<string> | null)[] = [];

  constructor(
    private readonly text: string,
    private readonly place: Readonly<Record<string, number>>,
  ) {}

  run(): void {
    for (; this.at < this.text.length; this.at += 1) {
      switch (this.text.charCodeAt(this.at)) {
        case 0x22:
          this.string();
          break;
        case 0x7b:
          this.open(new Set());
          break;
        case 0x5b:
          this.open(null);
          break;
        case 0x7d:
        case 0x5d:
          this.levels.pop();
          break;
        default:
      }
    }
  }

  private open(keys: Set<string> | null): void {
    this.levels.push(keys);
    if (this.levels.length > MOST_DEPTH) {
      throw new AppError('JSON_TOO_DEEP', { details: { ...this.place, max: MOST_DEPTH } });
    }
  }

  /** Leaves `at` on the closing quote. */
  private string(): void {
    const from = this.at;
    for (this.at += 1; this.at < this.text.length; this.at += 1) {
      const code = this.text.charCodeAt(this.at);
      if (code === 0x5c) this.at += 1;
      else if (code === 0x22) break;
    }
    const quoted = this.text.slice(from, this.at + 1);
    const isEscaped = quoted.includes('\\u');
    if (isEscaped && !isStorable(unquote(quoted))) {
      throw new AppError('JSON_TEXT_UNREADABLE', { details: { ...this.place, position: from } });
    }
    const keys = this.levels.at(-1);
    if (keys instanceof Set && this.isKey()) this.key(keys, quoted);
  }

  private isKey(): boolean {
    for (let next = this.at + 1; next < this.text.length; next += 1) {
      const code = this.text.charCodeAt(next);
      if (code === 0x3a) return true;
      if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return false;
    }
    return false;
  }

  private key(keys: Set<string>, quoted: string): void {
    const key = unquote(quoted);
    const details = { ...this.place, field: key.slice(0, 64), position: this.at };
    if (key === '__proto__') throw new AppError('JSON_KEY_FORBIDDEN', { details });
    if (keys.has(key)) throw new AppError('JSON_KEY_TWICE', { details });
    keys.add(key);
  }
}

/** Neither a zero character nor half a surrogate pair: no database holds them. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

/** `"\u0061"` and `"a"` are one key. One that cannot be read stays as it is: JSON.parse refuses it. */
function unquote(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch (error) {
    if (error instanceof SyntaxError) return quoted;
    throw error;
  }
}
