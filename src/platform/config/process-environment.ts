export type ProcessEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The variables of this process, for three places: `main.ts` and `cli.ts` make its settings of them, `app.module.ts` hands
 * on those that configuration files name (addresses and secrets of webhooks and sources). All others take an argument.
 */
export function processEnvironment(): ProcessEnvironment {
  return process.env;
}
