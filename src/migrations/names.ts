/** The names in `list.ts`, in the same order: to see that nothing is pending, no migration has to be loaded. */
export const MIGRATION_NAMES = [
  'Migration20261122000000_spine',
  'Migration20261122000100_registry',
  'Migration20261122000200_http',
  'Migration20261122000200_intake',
  'Migration20261122000300_audit',
  'Migration20261122000400_schedule',
  'Migration20261122000500_sight',
  'Migration20261122000600_bulk',
  'Migration20261123000000_lanes',
  'Migration20261123120000_known_blocks',
  'Migration20261123130000_newest_reading',
  'Migration20261123140000_relay_order',
  'Migration20261123150000_reading_blocks',
  'Migration20261123160000_employed',
  'Migration20261123170000_block_bytes',
] as const;
