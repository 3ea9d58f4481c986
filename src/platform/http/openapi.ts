import { z } from 'zod';
import { accessRule } from '../auth/access.js';
import type { Route } from './route.js';

/** As much of an OpenAPI 3.1 document as we write ourselves; the schemas come from zod. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: object;
  readonly servers: readonly object[];
  readonly tags: readonly object[];
  readonly security: readonly object[];
  readonly paths: Record<string, Record<string, object>>;
  readonly components: Record<string, Record<string, object>>;
}

type JsonSchema = Record<string, unknown>;

const fieldProblem = z.object({
  field: z.string(),
  code: z.string(),
  title: z.string(),
  expected: z.string().optional(),
  detail: z.string(),
});

const problemSchema = z
  .object({
    type: z.string().describe('Where this kind of problem is described.'),
    title: z.string().describe('What is wrong, in the language asked for.'),
    status: z.int(),
    code: z.string().describe('Stable: what a program decides by.'),
    detail: z.string().describe('How to mend it.'),
    expected: z.string().optional().describe('What would have been right.'),
    field: z.string().optional().describe('The part of the request that is wrong.'),
    errors: z.array(fieldProblem).optional(),
    retryAfter: z.int().optional().describe('Seconds to wait.'),
  })
  .meta({ id: 'Problem' });

const EXAMPLES: Readonly<Record<string, object>> = {
  '400': {
    type: '/api/docs#problem-VALUE_INVALID',
    title: 'limit has a value that cannot be used',
    status: 400,
    code: 'VALUE_INVALID',
    detail: 'Correct this place and send the request again.',
    expected: '<= 1000',
    field: 'limit',
  },
};

const GENERAL: readonly (readonly [string, string])[] = [
  [
    '400',
    'The request is not one: malformed, an unknown parameter, JSON with two meanings, a body cut short.',
  ],
  ['401', 'No key, or one that does not count (any more).'],
  ['403', 'The key may not do this.'],
  ['404', 'Not there, or not there for this key.'],
  ['429', 'Too often; `Retry-After` says how long to wait.'],
  ['500', 'Our fault. Nothing that had not been committed was kept.'],
  ['503', 'The database is away; the same request may come again.'],
];
const WITH_BODY: readonly (readonly [string, string])[] = [
  ['408', 'The body came too slowly.'],
  [
    '409',
    'The state of the thing does not allow it, or the same request is being carried out at this moment.',
  ],
  ['413', 'More than this route takes.'],
  ['415', 'A media type, charset or packing that this route does not take.'],
  ['422', 'Understood, but wrong: `errors` names every place.'],
];

const TAGS = [
  { name: 'sources', description: 'Where records come from, and how they are pushed' },
  { name: 'runs', description: 'What was read, what it would do, and what people decide about it' },
  { name: 'people', description: 'One person: everything observed, decided, sent' },
  { name: 'registry', description: 'Who may come back, and human exceptions' },
  { name: 'policies', description: 'The rules that give a verdict' },
  { name: 'candidates', description: 'The registry as a recruiter may see it' },
  { name: 'follow-ups', description: 'Surveys, interviews, invitations' },
  { name: 'audit', description: 'What was decided, by whom, as a chain that shows any change' },
];

/** The document of all routes that are served. Equal routes give an equal document. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const book = new SchemaBook();
  const paths: Record<string, Record<string, object>> = {};
  book.of(problemSchema, 'output');
  for (const route of [...routes].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))) {
    (paths[route.path] ??= {})[route.method] = operation(route, book);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Enishi',
      version,
      description:
        'Records of leavers in, follow-ups and a rehire registry out. All days are `YYYY-MM-DD`, all instants ISO 8601 in UTC. ' +
        'Unknown parameters and fields are refused. Errors are `application/problem+json` (RFC 9457) with a stable `code`; ' +
        '`Accept-Language: ja` or `en` chooses their words. Every POST takes `Idempotency-Key`, kept for 30 days.',
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    security: [{ apiKey: [] }],
    paths,
    components: {
      schemas: book.named,
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A key of `enishi keys create`, shown once. It has one role, and may be bound to a company or a source.',
        },
      },
      headers: {
        RetryAfter: { description: 'Seconds to wait.', schema: { type: 'integer' } },
        IdempotencyReplayed: {
          description: '`true` when this is the kept answer of an earlier request with the same key.',
          schema: { type: 'string', enum: ['true'] },
        },
      },
    },
  };
}

function operation(route: Route, book: SchemaBook): object {
  const rule = accessRule(route.id);
  const reach = rule.reach === 'group' ? ' Concerns every company: not for a key of one company.' : '';
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    description: [
      route.description,
      `Roles: ${rule.roles.join(', ')}.${reach}`,
      route.errors.length > 0 ? `Codes: ${route.errors.join(', ')}.` : undefined,
    ]
      .filter((part) => part !== undefined)
      .join('\n\n'),
    'x-roles': rule.roles,
    'x-reach': rule.reach,
    parameters: [
      ...parameters(route.params, 'path', book),
      ...parameters(route.query, 'query', book),
      ...headers(route),
    ],
    ...requestBody(route, book),
    responses: responses(route, book),
  };
}

function parameters(schema: z.ZodObject, place: 'path' | 'query', book: SchemaBook): object[] {
  const json = book.of(schema, 'input');
  const required = new Set(Array.isArray(json['required']) ? json['required'] : []);
  return Object.entries((json['properties'] ?? {}) as Record<string, JsonSchema>).map(([name, property]) => {
    const { description, ...rest } = property;
    return {
      name,
      in: place,
      required: place === 'path' || required.has(name),
      ...(typeof description === 'string' ? { description } : {}),
      // Numbers travel as texts in an address; the check turns them back.
      schema: name === 'limit' || name === 'expectRows' ? { ...rest, type: 'integer' } : rest,
    };
  });
}

function headers(route: Route): object[] {
  const language = {
    name: 'Accept-Language',
    in: 'header',
    required: false,
    description: 'The language of messages.',
    schema: { type: 'string', examples: ['ja', 'en'] },
  };
  if (route.method !== 'post') return [language];
  const key = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'One key, one execution: the same request again gets the same answer for 30 days.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
  };
  return [language, key];
}

function requestBody(route: Route, book: SchemaBook): object {
  if (route.bodyKind === 'upload') {
    const binary = { schema: { type: 'string', contentMediaType: 'application/octet-stream' } };
    const form = {
      type: 'object',
      required: ['file'],
      properties: { file: { type: 'string', contentMediaType: 'application/octet-stream' } },
    };
    return {
      requestBody: {
        required: true,
        content: {
          'application/octet-stream': binary,
          'text/csv': binary,
          'multipart/form-data': { schema: form },
        },
      },
    };
  }
  if (route.body === null) return {};
  const schema = book.of(route.bodyDocument ?? route.body, 'input');
  const json = { schema, ...(route.example === undefined ? {} : { example: route.example }) };
  const lines = {
    schema: { type: 'string', description: 'One JSON record a line.' },
    ...(route.example === undefined ? {} : { example: `${JSON.stringify(route.example)}\n` }),
  };
  return {
    requestBody: {
      required: true,
      content: {
        'application/json': json,
        ...(route.bodyKind === 'records' ? { 'application/x-ndjson': lines } : {}),
      },
    },
  };
}

function responses(route: Route, book: SchemaBook): Record<string, object> {
  const { status, description, schema, media = 'application/json' } = route.answer;
  const body = schema === null ? { type: 'string' } : book.of(schema, 'output');
  const replayed = { 'Idempotency-Replayed': { $ref: '#/components/headers/IdempotencyReplayed' } };
  const usual = {
    description,
    content: { [media]: { schema: body } },
    ...(route.method === 'post' ? { headers: replayed } : {}),
  };
  const hasBody = route.method !== 'get';
  return {
    [String(status)]: usual,
    ...(route.id === 'records.push' ? { '200': { ...usual, description: 'Applied (`wait=true`).' } } : {}),
    ...Object.fromEntries(
      [...GENERAL, ...(hasBody ? WITH_BODY : [])].map(([code, text]) => [code, problem(code, text)]),
    ),
  };
}

function problem(status: string, description: string): object {
  const example = EXAMPLES[status];
  return {
    description,
    ...(status === '429' || status === '503'
      ? { headers: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } }
      : {}),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        ...(example === undefined ? {} : { example }),
      },
    },
  };
}

/**
 * OpenAPI 3.1 takes JSON Schema 2020-12 as it is; only what has a name moves to where the document keeps its schemas.
 */
class SchemaBook {
  readonly named: Record<string, object> = {};

  of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const json = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema;
    const { $defs = {}, ...root } = json;
    for (const [name, definition] of Object.entries($defs as Record<string, JsonSchema>)) {
      this.named[name] = tidy(definition);
    }
    const name = root['id'];
    if (typeof name !== 'string') return tidy(root);
    this.named[name] = tidy(root);
    return { $ref: `#/components/schemas/${name}` };
  }
}

function tidy(schema: JsonSchema): JsonSchema {
  const { $schema: _dialect, id, ...rest } = schema;
  const kept = typeof id === 'string' ? rest : { ...rest, ...(id === undefined ? {} : { id }) };
  return JSON.parse(JSON.stringify(kept).replaceAll('"#/$defs/', '"#/components/schemas/')) as JsonSchema;
}
