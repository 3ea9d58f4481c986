import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line of one piece of work carries, so that its lines can be found. Ids only. */
export interface LogContext {
  readonly requestId?: string;
  readonly runId?: string;
  readonly sourceId?: string;
  readonly queue?: string;
  readonly jobId?: string;
}

type Mutable = { -readonly [K in keyof LogContext]: LogContext[K] };

const storage = new AsyncLocalStorage<Mutable>();

/** Runs `work` so that every line logged by it, and by whatever it awaits, carries `fields` too. */
export function withLogContext<T>(fields: LogContext, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...fields }, work);
}

/** Adds to the context of the work that is running, once an id is known; outside of any it does nothing. */
export function addToLogContext(fields: LogContext): void {
  const store = storage.getStore();
  if (store !== undefined) Object.assign(store, fields);
}

/** What the next line would carry. */
export function currentLogContext(): LogContext {
  return { ...storage.getStore() };
}
