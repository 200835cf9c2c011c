import type { Fact } from '../model/operation.ts'

/**
 * Makes a fact: a question about a host with a typed answer. `keep` says for how long the answer holds: for the whole
 * run, or only for the task that asks, because a task may change it.
 *
 * ```ts
 * const kernel = fact('kernel', 'run', async (connection) => (await output(connection, 'uname -r')).trim())
 * const release = await kernel.read(connection) // in a task: await host.fact(kernel)
 * ```
 */
export function fact<T>(name: string, keep: Fact<T>['keep'], read: Fact<T>['read']): Fact<T> {
  return { name, keep, read }
}
