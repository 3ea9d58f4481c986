interface Waiting<I, O> {
  readonly input: I;
  readonly resolve: (output: O) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Does together what is asked for while the same is being done: whoever comes meanwhile waits for the next turn, which
 * begins after they came, and so sees all that was true by then. One turn at a time; under load a turn does many.
 */
export class Gathered<I, O> {
  private waiting: Waiting<I, O>[] = [];
  private busy = false;
  private unanswered = 0;

  /**
   * @param most in one turn
   * @param work gives one output for each input, in order. A turn of several that fails is done one by one.
   * @param first when the first of a quiet time is begun: `at once`, or `soon`, together with all that the program has
   *   on its hands at that moment
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
      if (this.busy) return;
      this.busy = true;
      if (this.first === 'at once') void this.turns();
      else setImmediate(() => void this.turns());
    });
  }

  private async turns(): Promise<void> {
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, this.most);
      if (!(await this.turn(group)) && group.length > 1) for (const one of group) await this.turn([one]);
    }
    this.busy = false;
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
