import type { z } from 'zod';
import { AppError } from '../domain/app-error.js';

/** What this kind of system can tell, and so what may be concluded from its silence. */
export interface Tells {
  /** A reading can show everybody, so that somebody whom it lacks is missing. */
  readonly everybody: boolean;
  /** It can be asked for what changed since a reading. */
  readonly changes: boolean;
  /** How it tells of a record that was deleted: by no longer listing it, in words of its own, or never. */
  readonly deletions: 'by_absence' | 'reported' | 'never';
}

/** One column of what a source states; a mapping profile says which fact it is. */
export interface SourceColumn {
  readonly name: string;
  /** False: a reading in which no record has it is refused, for the system has another shape now. */
  readonly optional: boolean;
}

/** Cells by name of column. Missing: the record says nothing; null or blank: it says that there is nothing. */
export type SourceRow = Readonly<Record<string, string | null | undefined>>;

/** Why a reading is not known to show everybody. Each has its text under `notes` in both languages. */
export type GapCode =
  | 'SYNC_PAGE_FAILED'
  | 'SYNC_PAGE_REPEATED'
  | 'SYNC_PAGE_EMPTY'
  | 'SYNC_ROW_REPEATED'
  | 'SYNC_TOTAL_CHANGED'
  | 'SYNC_COUNT_DIFFERS'
  | 'SYNC_END_NOT_TOLD';

/** Numbers and codes only: it is logged, stored and shown. */
export type GapDetails = Readonly<Record<string, string | number>>;

/** How a reading ended. Only a whole one may call anybody absent. */
export type ReadingEnd =
  | { readonly whole: true }
  | { readonly whole: false; readonly because: GapCode; readonly details: GapDetails };

/** Where a source answers, and by which variable of the environment it knows us. The connector never sees the secret. */
export interface Endpoint {
  /** Nothing but this host is ever asked, and nothing above this path. */
  readonly baseUrl: string;
  readonly allowPrivate: boolean;
  readonly auth: {
    readonly header: string;
    /** Stands before the secret, such as `Bearer `. */
    readonly prefix: string;
    readonly variable: string;
  } | null;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly retry: {
    readonly attempts: number;
    readonly firstDelayMs: number;
    readonly longestWaitSecs: number;
  };
}

/** Asks the endpoint; waits and asks again where that helps, so that what it throws is final. */
export interface SourceHttp {
  /** @param path below the base address, beginning with a slash */
  getJson(path: string, query: Readonly<Record<string, string>>): Promise<unknown>;
  /**
   * Follows a link of an answer.
   *
   * @throws SYNC_LINK_LEADS_AWAY when it names another host or a place above the base address
   */
  follow(link: string): Promise<unknown>;
}

/** One configured source of a connector. */
export interface OpenSource {
  readonly endpoint: Endpoint;
  readonly columns: readonly SourceColumn[];
  /**
   * Everything that the source lists, page by page; how it ended comes last. A first page that cannot be read is thrown,
   * a later one ends the reading as not whole: what was read until then are facts all the same.
   */
  read(http: SourceHttp, signal: AbortSignal): AsyncGenerator<readonly SourceRow[], ReadingEnd>;
}

/** One kind of HR system. */
export interface Connector {
  readonly id: string;
  readonly title: { readonly ja: string; readonly en: string };
  readonly tells: Tells;
  /** @throws CONFIG_FILE_INVALID naming the setting */
  open(source: string, settings: unknown): OpenSource;
}

/** Puts a connector together from its parts; its settings are checked before anything is opened. */
export function defineConnector<S extends z.ZodType>(parts: {
  readonly id: string;
  readonly title: Connector['title'];
  readonly tells: Tells;
  readonly settings: S;
  readonly open: (settings: z.output<S>) => OpenSource;
}): Connector {
  const { id, title, tells } = parts;
  return {
    id,
    title,
    tells,
    open(source, settings) {
      const parsed = parts.settings.safeParse(settings ?? {});
      if (parsed.success) return parts.open(parsed.data);
      const issue = parsed.error.issues[0];
      const path = ['sources', source, 'settings', ...(issue?.path.map(String) ?? [])].join('.');
      throw new AppError('CONFIG_FILE_INVALID', {
        details: { file: 'sources.yaml', path, expected: issue?.message ?? '' },
      });
    },
  };
}
