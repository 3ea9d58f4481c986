import { Migration20261122000000_spine } from './Migration20261122000000_spine.js';
import { Migration20261122000100_registry } from './Migration20261122000100_registry.js';

/** Every migration in the order in which it runs. One that has been released is never edited. */
export const MIGRATIONS = [
  { name: 'Migration20261122000000_spine', class: Migration20261122000000_spine },
  { name: 'Migration20261122000100_registry', class: Migration20261122000100_registry },
];
