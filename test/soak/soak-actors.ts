import { setTimeout as sleep } from 'node:timers/promises';
import { CSV_HEADER, csvOf, leaver, worker } from '../support/intake-files.js';

/** What actors share: how long they act, what they count, and what the house has promised. */
export interface Stage {
  readonly until: number;
  readonly random: () => number;
  /** The address of the one to ask next; one of them is killed now and then. */
  readonly address: () => string;
  readonly keys: { readonly hr: string; readonly source: string };
  readonly counts: Record<string, number>;
  /** By employee number, the last day of the last statement that was answered 202. */
  readonly promised: Map<string, string>;
}

const DAY_MS = 86_400_000;
/** Longer than a process that died keeps a key. */
const MOST_TRIES = 400;
/** Answers of a house that is being disturbed; everything else that is no success is a finding. */
const AWAY = new Set([0, 429, 503]);

export function count(stage: Stage, what: string, more = 1): void {
  stage.counts[what] = (stage.counts[what] ?? 0) + more;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Status 0 for a process that is not there. */
async function ask(stage: Stage, path: string, key: string, init: RequestInit = {}): Promise<Answer> {
  try {
    const headers = { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string>) };
    const signal = AbortSignal.timeout(20_000);
    const response = await fetch(stage.address() + path, { ...init, headers, signal });
    const text = await response.text();
    return {
      status: response.status,
      body: text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : {},
    };
  } catch (error) {
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')) {
      return { status: 0, body: {} };
    }
    throw error;
  }
}

/** Asks with one key again and again until the house has answered; what it then says is counted. */
async function insist(
  stage: Stage,
  what: string,
  path: string,
  key: string,
  init: RequestInit,
): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    const answer = await ask(stage, path, key, init);
    if (!AWAY.has(answer.status) && answer.status !== 409) {
      count(stage, `${what} ${answer.status}`);
      return answer;
    }
    count(stage, `${what} asked again`);
    if (tries > MOST_TRIES) {
      count(stage, `${what} given up`);
      return answer;
    }
    await sleep(answer.status === 429 ? 1_000 : 250);
  }
}

const dayIn = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

/** Pushes leavers one after the other, now and then with another day for somebody who was pushed before. */
export async function pusher(stage: Stage): Promise<void> {
  for (let n = 0; Date.now() < stage.until; n += 1) {
    const records = Array.from({ length: 3 }, (_, i) => {
      const id = stage.random() < 0.3 && n > 10 ? Math.floor(stage.random() * n * 3) : n * 3 + i;
      return {
        employeeNumber: `S-${id}`,
        familyName: '青葉',
        givenName: `みのり${id}`,
        hiredOn: '2015-04-01',
        birthDate: new Date(Date.UTC(1960, 0, 1 + (id % 15_000))).toISOString().slice(0, 10),
        personalEmail: `s${id}@mail.example`,
        lastDay: dayIn(Math.floor(stage.random() * 30) - 10),
        leavingReason: '自己都合',
        department: '設計部',
      };
    });
    const unique = [...new Map(records.map((record) => [record.employeeNumber, record])).values()];
    const { status } = await insist(stage, 'push', '/api/v1/sources/demo-jp/records', stage.keys.source, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `soak-${n}-${stage.until}` },
      body: JSON.stringify(unique),
    });
    // Who gives up does not know whether the house took it, nor may anybody say so for them.
    for (const { employeeNumber, lastDay } of unique)
      if (status === 202) stage.promised.set(employeeNumber, lastDay);
      else stage.promised.delete(employeeNumber);
    await sleep(300);
  }
}

/** A file of people who work here, now and then with far more leavers than a file may have. */
export async function filer(stage: Stage): Promise<void> {
  for (let n = 0; Date.now() < stage.until; n += 1) {
    const leaving = n % 3 === 2 ? 60 : 4;
    const rows = Array.from({ length: 400 }, (_, i) =>
      i < leaving ? leaver(n * 100 + i, dayIn(10)) : worker(n * 100 + i),
    );
    await insist(
      stage,
      'file',
      '/api/v1/sources/demo-jp/files?mode=delta&profile=generic-full',
      stage.keys.source,
      {
        method: 'POST',
        headers: { 'content-type': 'text/csv', 'idempotency-key': `file-${n}-${stage.until}` },
        body: csvOf(CSV_HEADER, rows),
      },
    );
    await sleep(6_000);
  }
}

/** Approves what waits, and turns down the files of every fourth round. */
export async function approver(stage: Stage): Promise<void> {
  for (let n = 0; Date.now() < stage.until; n += 1) {
    await decideHeld(stage, n);
    await sleep(3_000);
  }
}

interface HeldRun {
  readonly run: { readonly id: string; readonly kind: string; readonly planHash: string };
}

/** Decides about every run that waits. */
export async function decideHeld(stage: Stage, round: number): Promise<void> {
  const { body } = await ask(stage, '/api/v1/runs?status=held', stage.keys.hr);
  const items = (body['items'] ?? []) as readonly HeldRun[];
  for (const { id, kind, planHash } of items.map(({ run }) => run)) {
    const verb = kind === 'file' && round % 4 === 3 ? 'reject' : 'approve';
    const { status } = await ask(stage, `/api/v1/runs/${id}/${verb}`, stage.keys.hr, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `${verb}-${id}-${Date.now()}` },
      body: JSON.stringify({ ...(verb === 'approve' && { planHash }), reason: 'soak' }),
    });
    count(stage, `${verb} ${status}`);
  }
}

export async function searcher(stage: Stage): Promise<void> {
  const texts = ['青葉', '佐藤', '設計部', '営業部', 'zzz'];
  while (Date.now() < stage.until) {
    const text = texts[Math.floor(stage.random() * texts.length)] ?? '';
    const { status } = await ask(
      stage,
      `/api/v1/candidates?q=${encodeURIComponent(text)}&limit=20`,
      stage.keys.hr,
    );
    count(stage, `search ${status}`);
    await sleep(1_000);
  }
}
