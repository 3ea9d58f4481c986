import { Socket } from 'node:net';

/**
 * Sends what is written in one go of the program with one call of the system. The driver asks for a flush after each
 * statement; where several go out together, each flush wakes the server by itself and costs more than the statement.
 */
export class GatheringSocket extends Socket {
  override uncork(): void {
    queueMicrotask(() => super.uncork());
  }
}
