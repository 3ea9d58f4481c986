import { afterAll, afterEach } from '@jest/globals';
import { dropTemplate, IntakeWorld, type WorldOptions } from './intake-world.js';

/** The world of the test that runs, for specs in which each test has one of its own. It is stopped when the test is over. */
export let world: IntakeWorld;

export async function startWorld(options: WorldOptions = {}): Promise<IntakeWorld> {
  world = await IntakeWorld.start(options);
  return world;
}

/** The same house begun again, as after a restart with other settings. */
export async function restartWorld(options: WorldOptions): Promise<void> {
  world = await world.restart(options);
}

afterEach(async () => {
  await world.stop();
});

afterAll(async () => {
  await dropTemplate();
});
