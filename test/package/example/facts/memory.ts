import { type Fact, output } from 'switchover/kit'

/** How much memory a host has; asked once a run. */
export const memory: Fact<{ readonly megabytes: number }> = {
  name: 'memory',
  keep: 'run',
  read: async (connection) => parse(await output(connection, 'cat /proc/meminfo')),
}

/** Makes sense of /proc/meminfo. */
export function parse(text: string): { readonly megabytes: number } {
  const kilobytes = /^MemTotal: +(\d+) kB$/m.exec(text)?.[1]
  if (kilobytes === undefined) throw new Error('/proc/meminfo does not say MemTotal')
  return { megabytes: Math.round(Number(kilobytes) / 1024) }
}
