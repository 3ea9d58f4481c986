const SIGHT = /^\/(?:health|metrics)(?:[/?]|$)/;

interface Answer {
  status(code: number): { json(body: object): unknown };
}

/** Express middleware of a worker: it tells how it is, and answers nothing else. */
export function sightRoutesOnly(request: { readonly url: string }, response: Answer, next: () => void): void {
  if (SIGHT.test(request.url)) return next();
  response
    .status(404)
    .json({ type: 'about:blank', status: 404, title: 'Not Found', code: 'NOT_SERVED_BY_A_WORKER' });
}
