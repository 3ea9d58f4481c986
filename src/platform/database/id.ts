import { v7 } from 'uuid';

/** A new id, ordered by time so that the indexes of bulk loads stay dense. */
export function newId(): string {
  return v7();
}
