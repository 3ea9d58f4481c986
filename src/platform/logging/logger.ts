import { pino, type DestinationStream, type Level, type Logger } from 'pino';
import { censorOf } from './censor.js';
import { errorForLog, scrub } from './error-for-log.js';
import { currentLogContext } from './log-context.js';

export type { Logger } from 'pino';

/** Field names whose values are never written, wherever they stand in a logged object. */
const SECRET = [
  'authorization',
  'cookie',
  'password',
  'token',
  'secret',
  'secretKey',
  'apiKey',
  'email',
  'personalEmail',
  'workEmail',
  'to',
  'phone',
  'name',
  'displayName',
  'familyName',
  'givenName',
  'familyNameKana',
  'givenNameKana',
  'formerFamilyName',
  'birthDate',
  'postalAddress',
  'facts',
  'cells',
];

const censor = censorOf(SECRET);
const censoredError = (error: unknown) => censor(errorForLog(error));

export interface LoggerOptions {
  readonly level: Level | 'silent';
  /** File descriptor: 1 for services, 2 where stdout belongs to a person or a pipe. Tests give a stream. */
  readonly to: 1 | 2 | DestinationStream;
  readonly role?: string;
}

/**
 * JSON lines, one event each: control characters are escaped by JSON, and the two line separators that JSON leaves
 * alone are escaped here. Carries the ids of the work that logs it (`withLogContext`), never personal data.
 */
export function createLogger({ level, to, role }: LoggerOptions): Logger {
  const destination = typeof to === 'number' ? pino.destination({ dest: to, sync: true }) : to;
  return pino(
    {
      level,
      base: { pid: process.pid, ...(role !== undefined && { role }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Once for each line: as paths for pino each name would be looked for at each depth, line by line.
      formatters: { level: (label) => ({ level: label }), bindings: censor, log: censor },
      messageKey: 'msg',
      mixin: () => currentLogContext(),
      serializers: { err: censoredError, error: censoredError },
      // Of a child logger, whose fields pino does not format.
      redact: { paths: [...SECRET], censor: '***' },
      hooks: {
        // Words that we write hold no quotes and no addresses; those that a library passes on may.
        logMethod(args, method) {
          method.apply(
            this,
            args.map((one: unknown) => (typeof one === 'string' ? scrub(one) : one)) as Parameters<
              typeof method
            >,
          );
        },
        streamWrite: (line) => line.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029'),
      },
    },
    destination,
  );
}
