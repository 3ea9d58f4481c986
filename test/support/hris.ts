import type { HrisRequest, HrisState } from './hris-server.js';
import { startEnishi, type EnishiProcess } from './process.js';

const TOKEN = 'a-token-of-the-test';
/** The variable that `settings` names; the house reads its environment when it opens. */
export const TOKEN_VARIABLE = 'ENISHI_TEST_HRIS_TOKEN';

/** An HR system in a process of its own. */
export class Hris {
  private constructor(
    private readonly process: EnishiProcess,
    readonly address: string,
  ) {}

  static async start(): Promise<Hris> {
    const process_ = startEnishi({ entry: '../test/support/hris-server.ts', env: { HRIS_TOKEN: TOKEN } });
    process.env[TOKEN_VARIABLE] = TOKEN;
    return new Hris(process_, await process_.listening());
  }

  /** Lists these people from now on; forgets what it was asked before. */
  async lists(people: readonly number[], more: Partial<Omit<HrisState, 'people'>> = {}): Promise<void> {
    const state: HrisState = { leaving: {}, misbehaviour: null, ...more, people };
    await fetch(`${this.address}/state`, { method: 'PUT', body: JSON.stringify(state) });
  }

  async requests(): Promise<readonly HrisRequest[]> {
    return (await (await fetch(`${this.address}/state`)).json()) as HrisRequest[];
  }

  /** What config/sources.yaml says about a source of it. */
  source(pages: Paging, over: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
    return {
      connector: 'rest',
      mode: 'full',
      settings: {
        baseUrl: `${this.address}/api`,
        allowPrivate: true,
        auth: { bearerFrom: TOKEN_VARIABLE },
        path: '/employees',
        query: { size: String(PAGE_SIZE) },
        rows: 'items',
        total: 'total',
        key: 'number',
        pages: PAGINGS[pages],
        columns: COLUMNS,
        timeoutSecs: 0.4,
        retry: { attempts: 3, firstDelaySecs: 0.05, longestWaitSecs: 5 },
        ...over,
      },
    };
  }

  async stop(): Promise<void> {
    delete process.env[TOKEN_VARIABLE];
    await this.process.kill();
  }
}

export const PAGE_SIZE = 20;

export type Paging = 'number' | 'offset' | 'link' | 'cursor';

const PAGINGS: Readonly<Record<Paging, unknown>> = {
  number: { by: 'number', parameter: 'page', size: PAGE_SIZE },
  offset: { by: 'offset', parameter: 'offset', size: PAGE_SIZE },
  link: { by: 'link', at: 'next' },
  cursor: { by: 'cursor', at: 'cursor', parameter: 'cursor' },
};

const COLUMNS = {
  社員番号: 'number',
  姓: 'name.family',
  名: 'name.given',
  姓カナ: 'name.familyKana',
  名カナ: 'name.givenKana',
  生年月日: 'birth_date',
  個人メール: 'personal_email',
  入社日: 'hired_on',
  退職日: 'left_on',
  在籍状況: 'status',
  部署: 'department.name',
};
