import { TokenKind } from 'liquidjs';
import type { Liquid, Template } from 'liquidjs';

/** A text as it is, the name of a value that stands there, or what the engine has to work out. */
export type TemplatePart = string | { readonly value: string } | { readonly nodes: Template[] };

/** Tags that choose between texts, and set nothing for what stands behind them. */
const CHOOSING = new Set(['if', 'elsif', 'else', 'endif', 'unless', 'endunless', 'comment', 'endcomment']);
const TAG = /\{%-?\s*(\w*)/g;
const NAME = /^[A-Za-z_]\w*$/;

/**
 * Takes a parsed template apart into what every letter has alike and what only needs a value put in: the engine is asked
 * for the rest alone, as asking it costs more than everything else in a letter. Null when a tag may change what a name
 * behind it means; then the engine has to render the whole.
 */
export function partsOf(engine: Liquid, source: string, nodes: readonly Template[]): TemplatePart[] | null {
  for (const [, tag = ''] of source.matchAll(TAG)) if (!CHOOSING.has(tag)) return null;
  return nodes.map((node) => {
    if (node.token.kind === TokenKind.HTML) return String(engine.renderSync([node], {}));
    const name = node.token.kind === TokenKind.Output ? contentOf(node).trim() : '';
    return NAME.test(name) ? { value: name } : { nodes: [node] };
  });
}

/** Null when a value is not there: the engine says what is wrong. */
export function joined(
  engine: Liquid,
  parts: readonly TemplatePart[],
  values: Readonly<Record<string, string>>,
): string | null {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') text += part;
    else if ('nodes' in part) text += String(engine.renderSync(part.nodes, values));
    else if (Object.hasOwn(values, part.value)) text += values[part.value];
    else return null;
  }
  return text;
}

function contentOf({ token }: Template): string {
  return 'content' in token ? String(token.content) : '';
}
