export type ProcessEnvironment = Readonly<Record<string, string | undefined>>;

/** The variables of this process, for the two places that start one (`main.ts`, `cli.ts`); all others take them as an argument. */
export function processEnvironment(): ProcessEnvironment {
  return process.env;
}
