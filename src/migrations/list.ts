import { Migration20261122000000_spine } from './Migration20261122000000_spine.js';

/** Every migration in the order in which it runs. One that has been released is never edited. */
export const MIGRATIONS = [{ name: 'Migration20261122000000_spine', class: Migration20261122000000_spine }];
