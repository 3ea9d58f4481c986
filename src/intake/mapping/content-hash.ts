import { hash } from 'node:crypto';
import { FACT_FIELDS, type StatedFacts } from '../../domain/observation.js';

/**
 * The same for the same facts, whatever the order of their keys; says nothing and cleared differ. 128 bits in the form of
 * a uuid, to compare by, not to protect anything.
 */
export function contentHash(facts: StatedFacts): string {
  const stated = FACT_FIELDS.flatMap((field) => {
    const value = facts[field];
    return value === undefined ? [] : [[field, value]];
  });
  const hex = hash('md5', JSON.stringify(stated), 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
