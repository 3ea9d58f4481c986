interface Waiting<I, O> {
  readonly input: I;
  readonly resolve: (output: O) => void;
  readonly reject: (error: unknown) => void;
}

/** For so many at most a turn waits: a larger turn costs each of them hardly less. */
const WORTH_WAITING_FOR = 8;
/** Milliseconds: so long a turn waits for them at most, a little more than a quick statement takes. */
const WORTH_WAITING = 4;

/**
 * Does together what is asked for while the same is being done: whoever comes meanwhile waits for the next turn, which
 * begins after they came, and so sees all that was true by then. One turn at a time; under load a turn does many.
 */
export class Gathered<I, O> {
  private waiting: Waiting<I, O>[] = [];
  private busy = false;
  private unanswered = 0;
  private lastTurn = 1;
  private arrived: (() => void) | null = null;

  /**
   * @param most in one turn
   * @param work gives one output for each input, in order. A turn of several that fails is done one by one.
   * @param first when a turn is begun: `at once`; or `soon`, when as many wait as the turn before had (8 at most, 4 ms
   *   at most). Many who ask again as soon as they are answered so stay together, instead of falling apart into turns
   *   of one and two; who asks alone waits for nobody.
   */
  constructor(
    private readonly work: (inputs: readonly I[]) => Promise<readonly O[]>,
    private readonly most = 100,
    private readonly first: 'at once' | 'soon' = 'at once',
  ) {}

  /** Nobody waits for an answer. */
  get isIdle(): boolean {
    return this.unanswered === 0;
  }

  add(input: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.unanswered += 1;
      this.waiting.push({ input, resolve, reject });
      this.arrived?.();
      if (this.busy) return;
      this.busy = true;
      if (this.first === 'at once') void this.turns();
      else setImmediate(() => void this.turns());
    });
  }

  private async turns(): Promise<void> {
    while (this.waiting.length > 0) {
      if (this.first === 'soon') await this.companions();
      const group = this.waiting.splice(0, this.most);
      this.lastTurn = group.length;
      if (!(await this.turn(group)) && group.length > 1) for (const one of group) await this.turn([one]);
    }
    this.busy = false;
  }

  private async companions(): Promise<void> {
    const wanted = Math.min(this.lastTurn, WORTH_WAITING_FOR);
    if (this.waiting.length >= wanted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, WORTH_WAITING);
      this.arrived = () => {
        if (this.waiting.length < wanted) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.arrived = null;
  }

  /** False when several failed together and nobody was told. */
  private async turn(group: readonly Waiting<I, O>[]): Promise<boolean> {
    try {
      const outputs = await this.work(group.map(({ input }) => input));
      if (outputs.length !== group.length)
        throw new Error('A turn gave another number of outputs than inputs.');
      this.unanswered -= group.length;
      group.forEach(({ resolve }, i) => resolve(outputs[i] as O));
      return true;
    } catch (error) {
      if (group.length > 1) return false;
      this.unanswered -= group.length;
      for (const { reject } of group) reject(error);
      return true;
    }
  }
}
