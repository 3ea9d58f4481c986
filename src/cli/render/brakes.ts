import type { BrakeReading } from '../../domain/brake.js';
import type { Output } from '../output.js';
import { printTable } from '../table.js';

const METER = 20;

/** How near a value is to its limit: full means that the next one trips it. */
export function meter(value: number, limit: number): string {
  const share = limit <= 0 ? (value > 0 ? 1 : 0) : Math.min(1, value / limit);
  const full = value > 0 ? Math.max(1, Math.round(share * METER)) : 0;
  return `${'█'.repeat(full)}${'░'.repeat(METER - full)}`;
}

/** Every brake that had anything to measure, the tripped ones first. */
export function printBrakes(output: Output, brakes: readonly BrakeReading[]): void {
  const { t } = output;
  const shown = brakes
    .filter((brake) => brake.tripped || brake.value > 0)
    .sort((a, b) => Number(b.tripped) - Number(a.tripped));
  if (shown.length === 0) return;
  output.heading(t('show.brakes'));
  const column = (key: string): string => t(`show.columns.${key}`);
  printTable(
    output,
    [
      { title: column('company'), value: (brake) => brake.company, min: 4 },
      {
        title: column('what'),
        value: (brake) =>
          `${t(`words.brake.${brake.name}`)}${brake.scope === 'window' ? t('show.brakeWindow') : ''}`,
      },
      { title: '', value: (brake) => meter(brake.value, brake.limit), min: METER },
      {
        title: column('value'),
        value: (brake) => `${String(brake.value)} / ${String(brake.limit)}`,
        align: 'right',
      },
      { title: column('state'), value: (brake) => t(brake.tripped ? 'show.brakeHeld' : 'show.brakeOk') },
    ],
    shown,
  );
}
