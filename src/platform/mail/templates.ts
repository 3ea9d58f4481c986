import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Liquid } from 'liquidjs';
import type { Template } from 'liquidjs';
import { AppError } from '../../domain/app-error.js';
import { joined, partsOf, type TemplatePart } from './template-parts.js';

export interface RenderedText {
  readonly subject: string;
  readonly text: string;
}

export type TemplateValues = Readonly<Record<string, string>>;

interface Parsed {
  readonly nodes: Template[];
  readonly parts: readonly TemplatePart[] | null;
}

// Strict: an unknown variable is an error, not an empty place. No file system, no prototypes, bounded work.
const engine = new Liquid({
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  parseLimit: 20_000,
  renderLimit: 500,
  memoryLimit: 1_000_000,
  dynamicPartials: false,
  relativeReference: false,
  templates: {},
});

/**
 * Mail texts of `config/templates`: `<name>.<language>.liquid`, whose first line is `Subject: …`, then an empty line,
 * then the text. All are parsed and tried out once at start.
 */
export class MailTemplates {
  private constructor(private readonly byName: ReadonlyMap<string, readonly [Parsed, Parsed]>) {}

  /**
   * @param sample a value for every variable that a template may use
   * @throws TEMPLATE_MISSING, TEMPLATE_INVALID with the file and what is wrong in it
   */
  static async load(dir: string, names: readonly string[], sample: TemplateValues): Promise<MailTemplates> {
    const loaded = new Map<string, readonly [Parsed, Parsed]>();
    for (const name of names) {
      const file = join(dir, `${name}.liquid`);
      loaded.set(name, parseTemplate(file, await readTemplate(file), sample));
    }
    return new MailTemplates(loaded);
  }

  /** @throws TEMPLATE_MISSING, TEMPLATE_INVALID */
  render(name: string, values: TemplateValues): RenderedText {
    const parts = this.byName.get(name);
    if (parts === undefined) throw new AppError('TEMPLATE_MISSING', { details: { file: name } });
    return renderParts(name, parts, values);
  }
}

async function readTemplate(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new AppError('TEMPLATE_MISSING', { details: { file }, cause });
  }
}

function parseTemplate(file: string, source: string, sample: TemplateValues): readonly [Parsed, Parsed] {
  const match = /^Subject: (.+)\r?\n\r?\n([\s\S]+)$/.exec(source);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new AppError('TEMPLATE_INVALID', { details: { file, problem: 'Subject: …' } });
  }
  try {
    const parts = [parse(match[1]), parse(match[2])] as const;
    renderParts(file, parts, sample);
    return parts;
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('TEMPLATE_INVALID', { details: { file, problem: firstLine(cause) }, cause });
  }
}

function parse(source: string): Parsed {
  const nodes = engine.parse(source);
  return { nodes, parts: partsOf(engine, source, nodes) };
}

function renderParts(
  file: string,
  [subject, text]: readonly [Parsed, Parsed],
  values: TemplateValues,
): RenderedText {
  try {
    return {
      subject: renderOne(subject, values),
      text: renderOne(text, values),
    };
  } catch (cause) {
    throw new AppError('TEMPLATE_INVALID', { details: { file, problem: firstLine(cause) }, cause });
  }
}

function renderOne({ nodes, parts }: Parsed, values: TemplateValues): string {
  return (parts === null ? null : joined(engine, parts, values)) ?? String(engine.renderSync(nodes, values));
}

/** What the template engine says about the template; it quotes the template, never a value. */
function firstLine(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : 'render';
}
