import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SendWindow } from './send-window.js';
import { addTo, roomIn } from './send-window.js';

const MINUTE = 60_000;

describe('the brake on outgoing mail', () => {
  it('frees again what was sent an hour ago', () => {
    const window = addTo({}, 0, 5);
    expect(roomIn(window, 59 * MINUTE, 5)).toBe(0);
    expect(roomIn(window, 60 * MINUTE, 5)).toBe(5);
  });

  it('never lets more than the limit through in any sixty minutes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(40)), { maxLength: 60 }), (steps) => {
        let window: SendWindow = {};
        let now = 0;
        const sent: [number, number][] = [];
        for (const [minutes, wish] of steps) {
          now += minutes * MINUTE;
          const count = Math.min(wish, roomIn(window, now, 50));
          window = addTo(window, now, count);
          sent.push([now, count]);
          const lastHour = sent.filter(([at]) => at > now - 60 * MINUTE).reduce((sum, [, n]) => sum + n, 0);
          expect(lastHour).toBeLessThanOrEqual(50);
        }
      }),
    );
  });
});
