import path from 'node:path'
import { type Command, performStep } from '../../kit/command.ts'
import { leavesNothing } from '../../kit/leaving.ts'
import { atPlace } from '../../kit/links.ts'
import { look } from '../../kit/look.ts'
import { absolute, type PathState } from '../../kit/path-state.ts'
import { sh } from '../../kit/shell.ts'
import type { Written } from '../../kit/written.ts'
import { Advice, operation } from '../../model/operation.ts'
import type { Operation } from '../../model/operation.ts'

// A mistyped variable must not cost a host: nobody removes one of these on purpose.
const top = ' bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var'
const below = ['/usr/bin', '/usr/lib', '/usr/sbin', '/var/lib', '/var/log']
const kept = new Set([...top.split(' ').map((name) => `/${name}`), ...below])

/** A directory that no host lives without. */
export function indispensable(normal: string): boolean {
  return kept.has(normal)
}

/**
 * Nothing at this path: a file or link is removed, a directory with all that is in it.
 *
 * ```ts
 * task('Drop the cache', file.absent('/var/cache/nova'))
 * ```
 */
export function absent(named: string): Operation<Written> {
  const normal = path.posix.normalize(absolute(named)).replace(/(.)\/+$/, '$1')
  if (indispensable(normal))
    throw new Advice(`file.absent ${named}: no host lives without it`, 'name the file or folder below it that is to go')
  return remove(normal)
}

const remove = operation<string, PathState, Command, Written>((path) => `file.absent ${path}`, {
  read: (connection, path) => look(connection, path, { follow: false }),
  plan({ exists, kind, link }, path) {
    if (!exists && link === undefined) return { result: { path, changed: false } }
    return {
      result: { path, changed: true },
      change: { script: `${atPlace}${sh`beside ${path}`}\nrm -rf "./$f"` },
      destructive: true,
      leaves: leavesNothing(path),
      diff: { path, before: `${link === undefined ? kind : `link to ${link}`}\n`, after: '' },
    }
  },
  apply: performStep,
})
