/**
 * The same elements in the same order; while one is worked on, the next is already being fetched. Fails as the source
 * does, and closes it when it is left early.
 */
export async function* ahead<T>(source: AsyncIterable<T>): AsyncGenerator<T, void> {
  const elements = source[Symbol.asyncIterator]();
  let next = elements.next();
  try {
    for (;;) {
      const element = await next;
      if (element.done === true) return;
      next = elements.next();
      // Whoever waits for it is told; when nobody does any more, what it would have been is of no consequence.
      next.catch(() => undefined);
      yield element.value;
    }
  } finally {
    await elements.return?.();
  }
}
