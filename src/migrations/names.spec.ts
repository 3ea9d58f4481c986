import { expect, it } from '@jest/globals';
import { MIGRATIONS } from './list.js';
import { MIGRATION_NAMES } from './names.js';

it('names every migration, in the order in which they run', () => {
  expect(MIGRATION_NAMES).toEqual(MIGRATIONS.map(({ name }) => name));
});
