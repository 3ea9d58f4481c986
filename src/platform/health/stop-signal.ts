import { once } from 'node:events';

/**
 * The first SIGTERM or SIGINT from now on. To be asked for before anything slow is started: until somebody listens, a
 * signal ends the process with work half done, and the first process of a container never hears it
 * (pid_namespaces(7), read 2026-11-23). A second signal ends the process at once.
 */
export async function stopSignal(): Promise<NodeJS.Signals> {
  const heard = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  return (heard as [NodeJS.Signals])[0];
}
