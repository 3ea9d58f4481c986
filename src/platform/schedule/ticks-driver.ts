import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { TicksService } from './ticks.service.js';

/** How often a process asks what is due. A dead holder is relieved at the next question after its connection is gone. */
const ASK_MS = 5_000;
const NAME = 'enishi.ticks';

/** Asks by the process's own time; what is due, the clock of the house says. */
@Injectable()
export class TicksDriver implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly ticks: TicksService,
    private readonly registry: SchedulerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    this.ask();
    this.registry.addInterval(
      NAME,
      setInterval(() => this.ask(), ASK_MS),
    );
  }

  /** Before anything that a tick works with is closed. */
  async onModuleDestroy(): Promise<void> {
    if (this.registry.doesExist('interval', NAME)) this.registry.deleteInterval(NAME);
    await this.ticks.stop();
  }

  /** What goes wrong in a tick is told by `TicksService` and comes again. */
  private ask(): void {
    void this.ticks.turn();
  }
}
