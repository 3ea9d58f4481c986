import { Migration20261122000000_spine } from './Migration20261122000000_spine.js';
import { Migration20261122000100_registry } from './Migration20261122000100_registry.js';
import { Migration20261122000200_http } from './Migration20261122000200_http.js';
import { Migration20261122000200_intake } from './Migration20261122000200_intake.js';
import { Migration20261122000300_audit } from './Migration20261122000300_audit.js';
import { Migration20261122000400_schedule } from './Migration20261122000400_schedule.js';
import { Migration20261122000500_sight } from './Migration20261122000500_sight.js';
import { Migration20261122000600_bulk } from './Migration20261122000600_bulk.js';
import { Migration20261123000000_lanes } from './Migration20261123000000_lanes.js';
import { Migration20261123120000_known_blocks } from './Migration20261123120000_known_blocks.js';
import { Migration20261123130000_newest_reading } from './Migration20261123130000_newest_reading.js';
import { Migration20261123140000_relay_order } from './Migration20261123140000_relay_order.js';
import { Migration20261123150000_reading_blocks } from './Migration20261123150000_reading_blocks.js';
import { Migration20261123160000_employed } from './Migration20261123160000_employed.js';
import { Migration20261123170000_block_bytes } from './Migration20261123170000_block_bytes.js';

/** Every migration in the order in which it runs. One that has been released is never edited. */
export const MIGRATIONS = [
  { name: 'Migration20261122000000_spine', class: Migration20261122000000_spine },
  { name: 'Migration20261122000100_registry', class: Migration20261122000100_registry },
  { name: 'Migration20261122000200_http', class: Migration20261122000200_http },
  { name: 'Migration20261122000200_intake', class: Migration20261122000200_intake },
  { name: 'Migration20261122000300_audit', class: Migration20261122000300_audit },
  { name: 'Migration20261122000400_schedule', class: Migration20261122000400_schedule },
  { name: 'Migration20261122000500_sight', class: Migration20261122000500_sight },
  { name: 'Migration20261122000600_bulk', class: Migration20261122000600_bulk },
  { name: 'Migration20261123000000_lanes', class: Migration20261123000000_lanes },
  { name: 'Migration20261123120000_known_blocks', class: Migration20261123120000_known_blocks },
  { name: 'Migration20261123130000_newest_reading', class: Migration20261123130000_newest_reading },
  { name: 'Migration20261123140000_relay_order', class: Migration20261123140000_relay_order },
  { name: 'Migration20261123150000_reading_blocks', class: Migration20261123150000_reading_blocks },
  { name: 'Migration20261123160000_employed', class: Migration20261123160000_employed },
  { name: 'Migration20261123170000_block_bytes', class: Migration20261123170000_block_bytes },
];
