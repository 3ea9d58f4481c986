import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Cluster, Redis } from 'ioredis';
import { z } from 'zod';

/** Where a deployment keeps, outside its database, how far that database had come. */
export interface LastSeenStore {
  /** Null when it never saw this instance. */
  read(instance: string): Promise<number | null>;
  write(instance: string, sequence: number): Promise<void>;
}

const kept = z.strictObject({ sequence: z.int().min(0) });

/** In the home: one small file for each instance that this machine has worked with. */
export function lastSeenInHome(home: string): LastSeenStore {
  const fileOf = (instance: string) => join(home, 'last-seen', `${instance}.json`);
  return {
    async read(instance) {
      let text: string;
      try {
        text = await readFile(fileOf(instance), 'utf8');
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
      return kept.parse(JSON.parse(text)).sequence;
    },
    async write(instance, sequence) {
      const file = fileOf(instance);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      // Whole or not at all; several processes may share a home.
      const draft = `${file}.${process.pid}`;
      await writeFile(draft, JSON.stringify({ sequence }));
      await rename(draft, file);
    },
  };
}

/** In Redis, where all processes of a deployment see the same. */
export function lastSeenInRedis(client: Redis | Cluster): LastSeenStore {
  const keyOf = (instance: string) => `{enishi}:last-seen:${instance}`;
  return {
    async read(instance) {
      const text = await client.get(keyOf(instance));
      return text === null ? null : z.coerce.number().int().parse(text);
    },
    async write(instance, sequence) {
      await client.set(keyOf(instance), String(sequence));
    },
  };
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
